// A configuration that may be put into effect: read, and held against what it is for. A start, a
// reload and --check take the same way, so that they cannot disagree.
#pragma once

#include "control/config/differences.hh"
#include "control/config/load.hh"

#include <string>
#include <variant>
#include <vector>

namespace lagg::daemon {

struct Candidate {
    config::Config config;
    config::Positions positions;
    /// What putting it into effect would change, and at what cost; of a RELOAD only.
    std::vector<config::Difference> differences;
    /// What it asks for and gets at a price, in file order; of a CHECK only.
    std::vector<config::Mistake> warnings;
};

/// What a candidate is for.
struct Situation {
    enum class Purpose {
        START,  ///< a port whose device is not there is no mistake: it is tried again and again
        RELOAD, ///< devices have to be there, unless the port is one that runs
        CHECK,  ///< all that a start would meet on this machine, as far as it can be told
    };
    Purpose purpose = Purpose::START;
    config::Config begun{};   ///< of a RELOAD: what the daemon started with
    config::Config running{}; ///< of a RELOAD: what is in effect
};

/// The file as a candidate, or its mistakes. Programs and filters are looked at by a CHECK alone;
/// load_policies() does it for the others, since it needs EAL.
std::variant<Candidate, config::Mistakes> read_candidate(const std::string &file,
                                                         const Situation &situation);

} // namespace lagg::daemon
