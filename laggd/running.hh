// What is in force: the configuration, and the handles of everything that is open for it. A change
// makes the next one beside it, which shares what stays; either of the two is dropped.
#pragma once

#include "control/aggregation/wanted.hh"
#include "control/config/config.hh"
#include "laggd/edge.hh"
#include "laggd/lagg_mac.hh"
#include "laggd/load_policies.hh"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace lagg::daemon {

struct RunningPort {
    std::shared_ptr<OpenPort> device;
    /// Address of the lagg that the device was told to listen for, and what came of it.
    MacAddress heard_as{};
    port::Hearing hearing;
    bool paused = false; ///< no worker may use the device
};

struct RunningLagg {
    aggregation::Identity identity;
    std::string mac_of;               ///< identity of the device whose address the lagg has
    std::shared_ptr<OpenUpper> upper; ///< what is open above it, besides a port
    std::string upper_problem;        ///< why that is not open: it was deleted meanwhile
};

struct Running {
    config::Config config;
    std::map<std::string, RunningPort> ports;  ///< those that are open
    std::map<std::string, std::string> failed; ///< ports left out for now, with the reasons
    std::map<std::string, RunningLagg> laggs;
    std::map<std::string, lacp::PortNumber> numbers; ///< kept while the daemon runs
    PoliciesOfLaggs policies;
};

/// Names of ports that are open.
std::set<std::string> open_ports(const Running &running);
/// Names of ports that are not, and should be.
std::set<std::string> failed_ports(const Running &running);
std::vector<const config::Lagg *> laggs_over(const config::Config &config, const std::string &port);
/// Laggs that have the port as a member or as their upper side.
std::vector<std::string> laggs_with(const config::Config &config, const std::string &port);

/// Every port of the configuration gets a number: its place in the file, so that it is the same
/// after every start, or the next one that is free.
void number_ports(Running &running);
/// Where the lagg comes out.
upper::Upper upper_of(const Running &running, const config::Lagg &lagg);
/// The whole of a lagg, as the protocol thread gets it.
aggregation::WantedLagg wanted(const Running &running, const config::Lagg &lagg);

} // namespace lagg::daemon
