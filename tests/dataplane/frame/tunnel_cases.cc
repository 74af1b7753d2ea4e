// The tables: each tunnel in its shapes, and each kind of packet.
#include "tests/dataplane/frame/tunnel_cases.hh"

#include <utility>

namespace lagg::frame {
namespace {

uint8_t number_of(uint16_t type) {
    return type == kIpv4 ? kIpv4Protocol : kIpv6Protocol;
}
uint16_t ppp_of(uint16_t type) {
    return type == kIpv4 ? 0x0021 : 0x0057;
}
std::vector<Tunnel> bridging_tunnels() {
    return {
        {"vxlan",
         [](uint16_t type) {
             return with(udp4(kVxlanPort), [&](auto &f) { vxlan(f).ethernet().type(type); });
         }},
        {"vxlan over ipv6",
         [](uint16_t type) {
             return with(udp6(kVxlanPort), [&](auto &f) { vxlan(f).ethernet().type(type); });
         }},
        {"vxlan of old, tagged inside",
         [](uint16_t type) {
             return with(udp4(kOldVxlanPort),
                         [&](auto &f) { vxlan(f).ethernet().tag(0x8100, 77).type(type); });
         }},
        {"vxlan in a tagged frame",
         [](uint16_t type) {
             FrameBuilder frame = eth().tag(0x8100, 5).type(kIpv4).ipv4({.protocol = kUdp});
             return with(udp(frame, kVxlanPort), [&](auto &f) { vxlan(f).ethernet().type(type); });
         }},
        {"geneve with ethernet",
         [](uint16_t type) {
             return with(udp4(kGenevePort),
                         [&](auto &f) { geneve(f, kBridging, 3).ethernet().type(type); });
         }},
        {"gre with ethernet",
         [](uint16_t type) {
             return with(gre4(), [&](auto &f) { gre(f, kBridging).ethernet().type(type); });
         }},
        {"nvgre",
         [](uint16_t type) {
             return with(gre4(), [&](auto &f) { gre(f, kBridging, 0x2000).ethernet().type(type); });
         }},
        {"gre, ethernet, labels",
         [](uint16_t type) {
             (void)type;
             return with(gre4(),
                         [&](auto &f) { labels(gre(f, kBridging).ethernet().type(kMpls), 2); });
         }},
    };
}

std::vector<Tunnel> geneve_and_gre_tunnels() {
    std::vector<Tunnel> tunnels;
    for (const uint8_t words : {0, 1, 63})
        tunnels.push_back({"geneve with options " + std::to_string(words), [words](uint16_t type) {
                               return with(udp4(kGenevePort),
                                           [&](auto &f) { geneve(f, type, words); });
                           }});
    for (const uint16_t flags : {0, 0x8000, 0x2000, 0x1000, 0xa000, 0x9000, 0x3000, 0xb000})
        tunnels.push_back({"gre with flags " + std::to_string(flags), [flags](uint16_t type) {
                               return with(gre4(), [&](auto &f) { gre(f, type, flags); });
                           }});
    tunnels.push_back({"gre over ipv6", [](uint16_t type) {
                           return with(ip6().ipv6(kGreProtocol),
                                       [&](auto &f) { gre(f, type, 0x2000); });
                       }});
    return tunnels;
}

std::vector<Tunnel> ip_tunnels() {
    return {
        {"ip in ipv4",
         [](uint16_t type) -> Frame { return ip4().ipv4({.protocol = number_of(type)}); }},
        {"ip in ipv4 with options",
         [](uint16_t type) -> Frame {
             return ip4().ipv4({.protocol = number_of(type), .option_words = 5});
         }},
        {"ip in ipv6", [](uint16_t type) -> Frame { return ip6().ipv6(number_of(type)); }},
        {"ip in ipv6 with a limit",
         [](uint16_t type) -> Frame {
             return ip6().ipv6(kDestination).extension(number_of(type));
         }},
        {"ip behind authentication",
         [](uint16_t type) -> Frame {
             return ip4().ipv4({.protocol = kAuth}).authentication(number_of(type));
         }},
        {"pppoe",
         [](uint16_t type) {
             return with(eth().type(kPppoe), [&](auto &f) { pppoe(f, ppp_of(type)); });
         }},
        {"pppoe in a vlan",
         [](uint16_t type) {
             return with(eth().tag(0x8100, 7).type(kPppoe),
                         [&](auto &f) { pppoe(f, ppp_of(type)); });
         }},
    };
}

/// The type is not written anywhere in these.
std::vector<Tunnel> guessed_tunnels() {
    std::vector<Tunnel> tunnels;
    const auto add = [&](std::string name, const Frame &head) {
        tunnels.push_back({std::move(name), [head](uint16_t) { return head; }});
    };
    for (const int count : {1, 3, 16})
        add("labels " + std::to_string(count),
            with(eth().type(kMpls), [&](auto &f) { labels(f, count); }));
    add("upstream label", with(eth().type(kMplsUpstream), [](auto &f) { labels(f, 1); }));
    add("labels over gre", with(gre4(), [](auto &f) { labels(gre(f, kMpls), 2); }));
    add("labels in udp", with(udp6(kMplsPort), [](auto &f) { labels(f, 2); }));
    add("labels in ip",
        with(ip4().ipv4({.protocol = kMplsProtocol}), [](auto &f) { labels(f, 2); }));
    add("gtp", with(udp4(kGtpPort), [](auto &f) { gtp(f); }));
    add("gtp over ipv6", with(udp6(kGtpPort), [](auto &f) { gtp(f); }));
    add("gtp with sequence", with(udp4(kGtpPort), [](auto &f) { gtp(f, 0x32); }));
    add("gtp with number", with(udp4(kGtpPort), [](auto &f) { gtp(f, 0x31); }));
    add("gtp extended", with(udp4(kGtpPort), [](auto &f) { gtp(f, 0x34, 0xff, {1}); }));
    add("gtp extended by three", with(udp4(kGtpPort), [](auto &f) {
            gtp(f, 0x36, 0xff, {1, 3, 2});
        }));
    add("gtp extended by eight", with(udp4(kGtpPort), [](auto &f) {
            gtp(f, 0x36, 0xff, {1, 1, 1, 1, 1, 1, 1, 1});
        }));
    return tunnels;
}

} // namespace

std::vector<Packet> packets() {
    const auto bare = [] { return FrameBuilder(); };
    const FrameBuilder::Ipv4 from{.source = 0xc0a80001, .destination = 0xc0a80002};
    FrameBuilder::Ipv4 udp4 = from, options = from, fragment = from, esp = from;
    udp4.protocol = kUdp;
    options.option_words = 3;
    fragment.fragment = kMf | 4;
    esp.protocol = kEsp;
    const FrameBuilder::Ipv6 tcp6{.flow_label = 0x54321, .source = 7, .destination = 8};
    FrameBuilder::Ipv6 extended = tcp6;
    extended.next_header = kHopByHop;
    return {
        {"tcp4", kIpv4, bare().ipv4(from).ports(40001, 444), 20},
        {"udp4", kIpv4, bare().ipv4(udp4).ports(40001, 444), 20},
        {"options4", kIpv4, bare().ipv4(options).ports(40001, 444), 20},
        {"fragment4", kIpv4, bare().ipv4(fragment).ports(40001, 444), 20},
        {"esp4", kIpv4, bare().ipv4(esp).be32(0x778899aa).fill(16, 1), 20},
        {"tcp6", kIpv6, bare().ipv6(tcp6).ports(40001, 444), 40},
        {"extended6", kIpv6, bare().ipv6(extended).extension(kTcp).ports(40001, 444), 40},
    };
}

std::vector<Tunnel> all_tunnels() {
    std::vector<Tunnel> all;
    for (const auto &some :
         {bridging_tunnels(), geneve_and_gre_tunnels(), ip_tunnels(), guessed_tunnels()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

} // namespace lagg::frame
