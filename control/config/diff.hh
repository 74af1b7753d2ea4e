// What has to be done to get from one Config to another: pure, so that it can be tested and shown.
#pragma once

#include "control/config/config.hh"

#include <string>
#include <vector>

namespace lagg::config {

struct Changes {
    std::vector<std::string> laggs_removed;
    std::vector<std::string> laggs_added;
    /// Laggs that differ themselves, or in a port that they use: its weight, its LACP parameters,
    /// or the device that its name stands for.
    std::vector<std::string> laggs_changed;
    std::vector<std::string>
        ports_removed; ///< also ports whose device changed: removed, then added
    std::vector<std::string> ports_added;
    /// Ports whose `in_use` differs: nothing is done about them, but one that was left out for it
    /// is tried again.
    std::vector<std::string> ports_allowed;
    /// [daemon] keys that differ and take effect at the next start only.
    std::vector<std::string> needs_restart;
    bool empty() const;
};

Changes diff(const Config &from, const Config &to);

} // namespace lagg::config
