// The peer: DPDK's own bonding driver, over the same sinks.
#pragma once

#include <cstdint>

namespace lagg::bench {

enum class BondMode { ROUND_ROBIN, ACTIVE_BACKUP, LAYER2, LAYER23, LAYER34, BROADCAST, LACP };

/// Gives the one bonded device of the process that mode and the first `members` sinks.
/// Returns its device number; its queue 0 is ready to send. With LACP nobody negotiates: it is told
/// that every member collects and distributes, by the calls that DPDK has for a protocol elsewhere.
uint16_t bonded_device(BondMode mode, unsigned members);

} // namespace lagg::bench
