// One run of a seed: a network is built, things go wrong for a while, then nothing does and all
// must agree. The same seed is the same run.
#pragma once

#include "lagglab/sim/world.hh"

#include <cstdint>
#include <iosfwd>
#include <string>

namespace lagg::sim {

struct Outcome {
    std::string violation; ///< empty when every promise was kept
    Statistics statistics;
};

/// `trace` gets every event and action as a line; may be null.
Outcome run_seed(uint64_t seed, std::ostream *trace = nullptr);

/// From now on a broken assertion of the core says, before the process ends, which seed did it and
/// how to play it again.
void name_seed_on_abort();

} // namespace lagg::sim
