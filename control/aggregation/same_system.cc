#include "control/aggregation/same_system.hh"

#include "dataplane/base/mac_address.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace lagg::aggregation {

// A port is known by its number, and its key tells as much; a priority of a port may just have been
// changed, so that it tells nothing.
std::string stranger_by(const lacp::PortInformation &actor, const lacp::MacAddress &source,
                        const lacp::SystemSnapshot &system) {
    std::vector<std::string> by;
    if (actor.system.priority != system.parameters.system.priority)
        by.push_back(fmt::format("its system priority {}", actor.system.priority));
    const auto port =
        std::ranges::find(system.ports, actor.port.number, &lacp::PortSnapshot::number);
    if (port == system.ports.end())
        by.push_back(fmt::format("its port number {}", actor.port.number));
    else if (port->actor.key != actor.key)
        by.push_back(fmt::format("its key {}", actor.key));
    if (std::ranges::find(system.ports, source, &lacp::PortSnapshot::address) == system.ports.end())
        by.push_back("its source address " + to_string(source));
    return fmt::format("{}", fmt::join(by, " and "));
}

} // namespace lagg::aggregation
