// The paths of the API, apart from HTTP: which object a path names, and what may be done with it.
#pragma once

#include "control/api/port_switches.hh"

#include <string>
#include <string_view>
#include <vector>

namespace lagg::api {

enum class Resource {
    NOTHING, ///< no such path
    STATUS,
    LAGGS,
    LAGG,
    FLOW, ///< where a flow of the lagg goes
    RELOAD,
    PORT_LACP, ///< a port's history
    XSTATS,    ///< what the driver of a port counts
    SWITCH,    ///< something to switch on or off on a port
};

struct Route {
    Resource resource = Resource::NOTHING;
    std::string lagg;
    std::string port;
    const PortSwitch *port_switch = nullptr; ///< of SWITCH
};

/// `path` is as it was sent, with its percent escapes and without a query.
Route route_of(std::string_view path);

/// Reading is GET, everything else POST; so is a question that has a body.
bool is_read(Resource resource);

/// A path for each resource, for suggestions.
const std::vector<std::string> &known_paths();

} // namespace lagg::api
