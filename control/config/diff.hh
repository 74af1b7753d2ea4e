// What has to be done to get from one Config to another: pure, so that it can be tested and shown.
#pragma once

#include "control/config/config.hh"

#include <string>
#include <vector>

namespace lagg::config {

/// What of a lagg differs. Independent of each other; each is applied without the others.
struct LaggChanges {
    std::string name;
    bool protocol = false;
    bool ports = false; ///< membership or order
    bool mtu = false;
    bool mac = false;
    bool aliases = false;
    bool description = false;
    bool hash = false;
    bool weights = false; ///< of the lagg or of one of its ports
    bool rules = false;
    bool lacp = false; ///< any LACP parameter of the lagg or of one of its ports
    bool min_links = false;
    bool roundrobin = false;
    bool rx_all = false;
    bool upper = false;
};

struct Changes {
    std::vector<std::string> laggs_removed;
    std::vector<std::string> laggs_added;
    std::vector<LaggChanges> laggs_changed;
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
