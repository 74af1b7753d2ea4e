// See interface_list.hh.
#include "control/kernel/interface_list.hh"

#include "control/config/values.hh"
#include "control/kernel/messages.hh"
#include "control/kernel/netlink_socket.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <map>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <optional>
#include <sys/socket.h>

namespace lagg::kernel {

namespace {

/// Kinds whose IFLA_LINK is the interface they stand on; of a veth it is the other end.
constexpr std::array<const char *, 5> kStanding{"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

struct Seen {
    InterfaceUse use;
    std::string kind;
    unsigned master = 0;
    unsigned below = 0;
};
using SeenByIndex = std::map<unsigned, Seen>;

uint32_t number(const nlattr *attribute) {
    return attribute == nullptr ? 0 : nla_get_u32(attribute);
}

std::string kind_of(nlattr *link_info) {
    if (link_info == nullptr) return {};
    nlattr *info[IFLA_INFO_MAX + 1] = {};
    if (nla_parse_nested(info, IFLA_INFO_MAX, link_info, nullptr) < 0) return {};
    return info[IFLA_INFO_KIND] == nullptr ? "" : nla_get_string(info[IFLA_INFO_KIND]);
}

void add_link(nlmsghdr &message, SeenByIndex &seen) {
    const std::optional<Link> link = parse_link(message);
    if (!link) return;
    nlattr *attributes[IFLA_MAX + 1] = {};
    if (nlmsg_parse(&message, sizeof(ifinfomsg), attributes, IFLA_MAX, nullptr) < 0) return;
    Seen one;
    one.use.index = link->index;
    one.use.name = link->name;
    one.use.up = (link->flags & IFF_UP) != 0;
    one.use.mtu = link->mtu;
    one.use.max_mtu = link->max_mtu;
    one.use.lagg_tap = link->tap && config::is_lagg_name(link->name);
    one.kind = kind_of(attributes[IFLA_LINKINFO]);
    one.master = number(attributes[IFLA_MASTER]);
    const bool stands = std::ranges::find(kStanding, one.kind) != kStanding.end();
    if (stands && attributes[IFLA_LINK_NETNSID] == nullptr)
        one.below = number(attributes[IFLA_LINK]);
    seen[link->index] = std::move(one);
}

std::string text_of(int family, const nlattr *address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int size = family == AF_INET6 ? 16 : 4;
    if (address == nullptr || nla_len(address) != size) return {};
    if (inet_ntop(family, nla_data(address), text.data(), text.size()) == nullptr) return {};
    return text.data();
}

bool is_ipv6_link_local(int family, const nlattr *address) {
    if (family != AF_INET6 || address == nullptr || nla_len(address) != 16) return false;
    const auto *octets = static_cast<const uint8_t *>(nla_data(address));
    return octets[0] == 0xfe && (octets[1] & 0xc0) == 0x80;
}

// Unlike parse_address() this takes addresses with a peer: they too are somebody's use.
void add_address(nlmsghdr &message, SeenByIndex &seen) {
    if (message.nlmsg_type != RTM_NEWADDR) return;
    nlattr *attributes[IFA_MAX + 1] = {};
    if (nlmsg_parse(&message, sizeof(ifaddrmsg), attributes, IFA_MAX, nullptr) < 0) return;
    const auto *header = static_cast<const ifaddrmsg *>(nlmsg_data(&message));
    const auto on = seen.find(header->ifa_index);
    if (on == seen.end()) return;
    const nlattr *own =
        attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    // The kernel gives every interface one that is up. Who made it is told by newer kernels only,
    // so that no link-local address counts.
    if (is_ipv6_link_local(header->ifa_family, own)) return;
    const nlattr *maker = attributes[IFA_PROTO];
    if (maker != nullptr && nla_get_u8(maker) == IFAPROT_KERNEL_RA) return;
    const std::string address = text_of(header->ifa_family, own);
    if (!address.empty())
        on->second.use.addresses.push_back(address + "/" + std::to_string(header->ifa_prefixlen));
}

void note_route(unsigned index, const std::string &destination, SeenByIndex &seen) {
    const auto on = seen.find(index);
    if (on == seen.end()) return;
    InterfaceUse &use = on->second.use;
    if (destination == "default") use.has_default_route = true;
    if (std::ranges::find(use.routes, destination) == use.routes.end())
        use.routes.push_back(destination);
}

void add_route(nlmsghdr &message, SeenByIndex &seen) {
    if (message.nlmsg_type != RTM_NEWROUTE) return;
    nlattr *attributes[RTA_MAX + 1] = {};
    if (nlmsg_parse(&message, sizeof(rtmsg), attributes, RTA_MAX, nullptr) < 0) return;
    const auto *header = static_cast<const rtmsg *>(nlmsg_data(&message));
    // Routes of protocol "kernel" come with an address or, in IPv6, with every interface.
    if (header->rtm_type != RTN_UNICAST || header->rtm_protocol == RTPROT_KERNEL) return;
    if ((header->rtm_flags & RTM_F_CLONED) != 0) return;
    std::string destination = "default";
    if (header->rtm_dst_len != 0)
        destination = text_of(header->rtm_family, attributes[RTA_DST]) + "/" +
                      std::to_string(header->rtm_dst_len);
    if (header->rtm_protocol == RTPROT_RA) {
        const auto on = seen.find(number(attributes[RTA_OIF]));
        if (on != seen.end() && destination == "default")
            on->second.use.has_advertised_route = true;
        return;
    }
    if (attributes[RTA_OIF] != nullptr)
        note_route(nla_get_u32(attributes[RTA_OIF]), destination, seen);
    const nlattr *several = attributes[RTA_MULTIPATH];
    if (several == nullptr) return;
    const auto *hop = static_cast<const rtnexthop *>(nla_data(several));
    int left = nla_len(several);
    while (RTNH_OK(hop, left)) {
        note_route(static_cast<unsigned>(hop->rtnh_ifindex), destination, seen);
        left -= RTNH_ALIGN(hop->rtnh_len);
        hop = RTNH_NEXT(hop);
    }
}

/// Asks for everything of one kind; `interrupted` tells that something changed meanwhile.
Verdict dump(nl_sock *socket, uint16_t type, bool &interrupted, const OnMessage &on_message) {
    // The longest of the three headers, whose first octet is the family in each of them: 0 is all.
    const rtmsg header{};
    const ifinfomsg of_links{};
    const Message message = type == RTM_GETLINK
                                ? make_message(type, NLM_F_DUMP, &of_links, sizeof of_links)
                                : make_message(type, NLM_F_DUMP, &header, sizeof header);
    if (type == RTM_GETLINK) {
        const uint32_t filter = RTEXT_FILTER_SKIP_STATS;
        put(message, IFLA_EXT_MASK, &filter, sizeof filter);
    }
    return request(socket, message, [&](nlmsghdr &answer) {
        if ((answer.nlmsg_flags & NLM_F_DUMP_INTR) != 0) interrupted = true;
        on_message(answer);
    });
}

std::vector<InterfaceUse> joined(SeenByIndex &seen) {
    std::vector<InterfaceUse> uses;
    for (auto &[index, one] : seen) {
        if (const auto master = seen.find(one.master); master != seen.end()) {
            one.use.master = master->second.use.name;
            one.use.master_kind = master->second.kind;
        }
        if (const auto below = seen.find(one.below); below != seen.end())
            below->second.use.above.push_back(one.use.name);
    }
    for (auto &[index, one] : seen)
        uses.push_back(std::move(one.use));
    return uses;
}

} // namespace

Result<std::vector<InterfaceUse>> read_interface_uses() {
    const Result<Socket> socket = connect_route();
    if (!socket) return socket.error();
    SeenByIndex seen;
    bool interrupted = true;
    for (int attempt = 0; interrupted && attempt < kDumpAttempts; ++attempt) {
        seen.clear();
        interrupted = false;
        using Add = void (*)(nlmsghdr &, SeenByIndex &);
        constexpr std::array<std::pair<uint16_t, Add>, 3> kQuestions{
            {{RTM_GETLINK, add_link}, {RTM_GETADDR, add_address}, {RTM_GETROUTE, add_route}}};
        for (const auto &[type, add] : kQuestions) {
            const Verdict verdict =
                dump(socket->get(), type, interrupted,
                     [&seen, add = add](nlmsghdr &answer) { add(answer, seen); });
            if (verdict.error != 0)
                return Error{"the kernel does not list its interfaces, addresses and routes: " +
                             verdict.reason};
        }
    }
    return joined(seen);
}

} // namespace lagg::kernel
