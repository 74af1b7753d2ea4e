// Influence of other processes on a measurement: how long threads that could run had to wait for a
// core.
#pragma once

#include "bench/failover/record.hh"

namespace lagg::bench {

/// The sum over the threads of this process since each began; 0 where the kernel does not count it.
Nanoseconds waited_for_core();

} // namespace lagg::bench
