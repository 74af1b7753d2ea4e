// The traffic by which evenness is judged: fifty patterns that operators have or switch testers
// send, each hard for some hash. No DPDK in here.
#pragma once

#include "bench/patterns/flow.hh"

#include <cstdint>
#include <span>
#include <vector>

namespace lagg::bench {

/// Flows of a pattern; fewer under a policy that does not look at what tells them apart.
inline constexpr unsigned kFlows = 4096;

using Frames = std::vector<std::vector<uint8_t>>;

struct Pattern {
    const char *name;
    Flow (*flow)(uint32_t number); ///< any number gives a flow; from 0 on they are the pattern
    /// Flows that layer3+4 can tell apart; where these are fewer, the reason stands at the pattern.
    unsigned flows34 = kFlows;
    /// Restricts the pattern to flows for which it is true, if it is set.
    bool (*keep)(const Flow &) = nullptr;
};

/// All patterns; their names are unique and serve in files of results.
std::span<const Pattern> patterns();
bool is_tunnel(const Pattern &pattern);
/// kFlows frames, one a flow.
Frames frames_of(const Pattern &pattern);

} // namespace lagg::bench
