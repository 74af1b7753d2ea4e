// See messages.hh.
#include "control/kernel/messages.hh"

#include <cstring>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

namespace lagg::kernel {

namespace {

/// An IFLA_LINKINFO of kind "tun" is a TAP or a TUN; its data say which.
bool is_tap(nlattr *link_info) {
    if (link_info == nullptr) return false;
    nlattr *info[IFLA_INFO_MAX + 1] = {};
    if (nla_parse_nested(info, IFLA_INFO_MAX, link_info, nullptr) < 0) return false;
    if (info[IFLA_INFO_KIND] == nullptr || info[IFLA_INFO_DATA] == nullptr) return false;
    if (nla_strcmp(info[IFLA_INFO_KIND], "tun") != 0) return false;
    nlattr *tun[IFLA_TUN_MAX + 1] = {};
    if (nla_parse_nested(tun, IFLA_TUN_MAX, info[IFLA_INFO_DATA], nullptr) < 0) return false;
    return tun[IFLA_TUN_TYPE] != nullptr && nla_get_u8(tun[IFLA_TUN_TYPE]) == IFF_TAP;
}

uint32_t number(nlattr *attribute) {
    return attribute == nullptr ? 0 : nla_get_u32(attribute);
}

std::string text(nlattr *attribute) {
    return attribute == nullptr ? std::string() : std::string(nla_get_string(attribute));
}

bool is_link_local(const config::Alias &alias) {
    return alias.v6 && alias.address[0] == 0xfe && (alias.address[1] & 0xc0) == 0x80;
}

} // namespace

std::optional<Link> parse_link(nlmsghdr &message) {
    if (message.nlmsg_type != RTM_NEWLINK) return std::nullopt;
    nlattr *attributes[IFLA_MAX + 1] = {};
    if (nlmsg_parse(&message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0)
        return std::nullopt;
    const auto *header = static_cast<const ifinfomsg *>(nlmsg_data(&message));
    Link link;
    link.index = static_cast<unsigned>(header->ifi_index);
    link.flags = header->ifi_flags;
    link.name = text(attributes[IFLA_IFNAME]);
    link.description = text(attributes[IFLA_IFALIAS]);
    link.mtu = number(attributes[IFLA_MTU]);
    link.min_mtu = number(attributes[IFLA_MIN_MTU]);
    link.max_mtu = number(attributes[IFLA_MAX_MTU]);
    nlattr *carrier = attributes[IFLA_CARRIER];
    link.carrier = carrier != nullptr && nla_get_u8(carrier) != 0;
    nlattr *mac = attributes[IFLA_ADDRESS];
    if (mac != nullptr && nla_len(mac) == static_cast<int>(link.mac.size()))
        std::memcpy(link.mac.data(), nla_data(mac), link.mac.size());
    link.tap = is_tap(attributes[IFLA_LINKINFO]);
    return link;
}

std::optional<Address> parse_address(nlmsghdr &message) {
    if (message.nlmsg_type != RTM_NEWADDR) return std::nullopt;
    nlattr *attributes[IFA_MAX + 1] = {};
    if (nlmsg_parse(&message, sizeof(ifaddrmsg), attributes, IFA_MAX, nullptr) < 0)
        return std::nullopt;
    const auto *header = static_cast<const ifaddrmsg *>(nlmsg_data(&message));
    if (header->ifa_family != AF_INET && header->ifa_family != AF_INET6) return std::nullopt;

    Address address;
    address.index = header->ifa_index;
    address.alias.v6 = header->ifa_family == AF_INET6;
    address.alias.prefix_length = header->ifa_prefixlen;
    // IFA_LOCAL is the interface's own address. IPv6 leaves it out when there is no peer, and
    // IFA_ADDRESS is then that address; with a peer, IFA_ADDRESS is the peer's.
    nlattr *other = attributes[IFA_ADDRESS];
    nlattr *own = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : other;
    const int size = address.alias.v6 ? 16 : 4;
    if (own == nullptr || other == nullptr || nla_len(own) != size || nla_len(other) != size)
        return std::nullopt;
    if (std::memcmp(nla_data(own), nla_data(other), static_cast<size_t>(size)) != 0)
        return std::nullopt;
    std::memcpy(address.alias.address.data(), nla_data(own), static_cast<size_t>(size));
    // Kernels older than 5.18 do not tell who made an address; there, link-local ones are listed.
    nlattr *origin = attributes[IFA_PROTO];
    address.made_by_kernel = is_link_local(address.alias) && origin != nullptr &&
                             nla_get_u8(origin) == IFAPROT_KERNEL_LL;
    return address;
}

} // namespace lagg::kernel
