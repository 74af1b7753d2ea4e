// The search: seed after seed of the simulation, on several threads.
#pragma once

#include <cstdint>
#include <optional>

namespace lagg::lab {

struct SimOptions {
    uint64_t seeds = 1000;
    uint64_t first = 1;
    unsigned jobs = 1;
    std::optional<uint64_t> trace;
};

/// The process's exit status: 1 when a promise was broken.
int run_lacp_sim(const SimOptions &options);

} // namespace lagg::lab
