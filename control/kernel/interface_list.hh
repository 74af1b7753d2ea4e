// Every interface of the kernel with what the host does with it: addresses, routes, what stands on
// it. Read for the checks of a member, which should be nobody else's.
#pragma once

#include "dataplane/base/result.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace lagg::kernel {

struct InterfaceUse {
    unsigned index = 0;
    std::string name;
    bool up = false;
    uint32_t mtu = 0;
    uint32_t max_mtu = 0;           ///< 0: the kernel does not say
    bool lagg_tap = false;          ///< a TAP called lagg and a number
    std::string master;             ///< the bridge, bond or team it is a port of; empty for none
    std::string master_kind;        ///< "bridge", "bond", "team", "vrf"; empty when unknown
    std::vector<std::string> above; ///< VLANs and the like that stand on it
    std::vector<std::string> addresses; ///< "192.0.2.1/24"; none that the kernel made itself
    std::vector<std::string> routes;    ///< "198.51.100.0/24", "default"; none that came with an
                                        ///< address
    bool has_default_route = false;
    /// A router's advertisement made it the way out of here, by the kernel's own doing. Addresses
    /// and routes of that kind are not listed: they come by themselves while IPv6 is on.
    bool has_advertised_route = false;
};

/// All interfaces of this network namespace. Needs no privilege.
Result<std::vector<InterfaceUse>> read_interface_uses();

} // namespace lagg::kernel
