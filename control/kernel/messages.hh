// What rtnetlink says about a link or an address, taken out of its attributes.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/mac_address.hh"

#include <cstdint>
#include <optional>
#include <string>

struct nlmsghdr;

namespace lagg::kernel {

/// How often a dump is begun again that the kernel says was interrupted by a change.
inline constexpr int kDumpAttempts = 8;

struct Link {
    unsigned index = 0;
    std::string name;
    unsigned flags = 0; ///< IFF_UP and so on
    bool carrier = false;
    uint32_t mtu = 0;
    uint32_t min_mtu = 0; ///< 0: the kernel does not say
    uint32_t max_mtu = 0; ///< 0: the kernel does not say
    MacAddress mac{};
    std::string description;
    bool tap = false;
};

/// Nothing when the message is not about a link.
std::optional<Link> parse_link(nlmsghdr &message);

struct Address {
    unsigned index = 0;
    config::Alias alias;
    /// A link-local IPv6 address that the kernel gave the interface by itself.
    bool made_by_kernel = false;
};

/// Nothing when the message is not about an address of one of our two families, and for an address
/// with a peer: that is a point-to-point address, which an alias cannot express.
std::optional<Address> parse_address(nlmsghdr &message);

} // namespace lagg::kernel
