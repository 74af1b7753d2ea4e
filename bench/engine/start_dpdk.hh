// DPDK for a benchmark in one process: no NIC, and workers on cores of their own.
#pragma once

#include <cstdint>

namespace lagg::bench {

/// Starts EAL with memory for so many packet buffers. lcore 0 may run on any CPU of this process,
/// lcore 1 is on the first and lcore 2, where there is another, on the last. Exits with a sentence
/// when DPDK does not start.
void start_dpdk(const char *program, bool huge_pages, uint32_t buffers);

} // namespace lagg::bench
