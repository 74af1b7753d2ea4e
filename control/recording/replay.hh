// Plays a recording through the LACP core of this build, and compares what it does with what was
// recorded.
#pragma once

#include "dataplane/base/result.hh"

#include <cstdint>
#include <iosfwd>
#include <string>

namespace lagg::recording {

struct Replayed {
    uint64_t events = 0;
    uint64_t actions = 0;   ///< that were recorded, and done again
    bool cut_short = false; ///< lines were lost there; nothing after them can be replayed
};

/// Writes every event and action as a line to `transcript`. The error names the line of the
/// recording that cannot be read or differs.
Result<Replayed> replay(std::istream &recording, std::ostream &transcript);

} // namespace lagg::recording
