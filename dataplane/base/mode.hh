// How a lagg distributes, for those who choose it, those who tell of it and the workers.
#pragma once

#include <cstdint>

namespace lagg {

enum class Mode : uint8_t { NONE, FAILOVER, ROUND_ROBIN, HASH, BROADCAST };

} // namespace lagg
