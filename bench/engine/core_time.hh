// Time that a thread really had on its core. On a machine that is shared, or whose cores are fewer
// than the threads that want one, the clock on the wall also counts what others did meanwhile.
#pragma once

#include <cstdint>
#include <ctime>

namespace lagg::bench {

/// Names the calling thread's clock of core time; good for any thread to read.
clockid_t own_core_clock();
/// Nanoseconds of any clock, CLOCK_MONOTONIC for the wall.
uint64_t nanoseconds(clockid_t clock);

} // namespace lagg::bench
