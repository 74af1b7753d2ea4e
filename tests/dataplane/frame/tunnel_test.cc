// parse_inner() against every tunnel with every kind of packet inside, whole, cut off and broken.
// What a packet's key is when nothing is around it, parse() says, which has tests of its own.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/cases.hh"
#include "tests/dataplane/frame/checks.hh"
#include "tests/dataplane/frame/tunnels.hh"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace lagg::frame {
namespace {

FlowKey inner_key(const Frame &frame) {
    return exactly(parse_inner, frame.data(), frame.size());
}
FlowKey outer_key(const Frame &frame) {
    return exactly(parse, frame.data(), frame.size());
}

/// A packet of IP, its ethertype, and the octets that its addresses need.
struct Packet {
    std::string name;
    uint16_t type;
    Frame octets;
    size_t header;
};

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

FlowKey key_without_tunnel(const Packet &packet) {
    Frame frame = eth().type(packet.type);
    frame.insert(frame.end(), packet.octets.begin(), packet.octets.end());
    return outer_key(frame);
}

/// What stands in front of a packet of the given ethertype.
struct Tunnel {
    std::string name;
    std::function<Frame(uint16_t type)> head;
};

Frame around(const Tunnel &tunnel, const Packet &packet) {
    Frame frame = tunnel.head(packet.type);
    frame.insert(frame.end(), packet.octets.begin(), packet.octets.end());
    return frame;
}

uint8_t number_of(uint16_t type) {
    return type == kIpv4 ? kIpv4Protocol : kIpv6Protocol;
}
uint16_t ppp_of(uint16_t type) {
    return type == kIpv4 ? 0x0021 : 0x0057;
}
FrameBuilder udp4(uint16_t port) {
    FrameBuilder frame = ip4().ipv4({.protocol = kUdp});
    return udp(frame, port);
}
FrameBuilder udp6(uint16_t port) {
    FrameBuilder frame = ip6().ipv6(kUdp);
    return udp(frame, port);
}
FrameBuilder gre4() {
    return ip4().ipv4({.protocol = kGreProtocol});
}

/// Adds the headers of a tunnel to what is around it.
Frame with(FrameBuilder frame, const std::function<void(FrameBuilder &)> &more) {
    more(frame);
    return frame;
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

std::vector<Tunnel> all_tunnels() {
    std::vector<Tunnel> all;
    for (const auto &some :
         {bridging_tunnels(), geneve_and_gre_tunnels(), ip_tunnels(), guessed_tunnels()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

TEST(Tunnel, ShowsThePacketInside) {
    for (const Tunnel &tunnel : all_tunnels())
        for (const Packet &packet : packets()) {
            const Frame frame = around(tunnel, packet);
            const FlowKey key = inner_key(frame), inside = key_without_tunnel(packet);
            EXPECT_TRUE(same_ip(key, inside))
                << packet.name << " in " << tunnel.name << "\n  got      " << describe(key)
                << "\n  expected " << describe(inside);
            EXPECT_TRUE(same_link(key, outer_key(frame))) << packet.name << " in " << tunnel.name;
        }
}

// Octets that follow, as padding does, are no part of a flow.
TEST(Tunnel, DoesNotCareForWhatFollows) {
    for (const Tunnel &tunnel : all_tunnels())
        for (const Packet &packet : packets()) {
            Frame frame = around(tunnel, packet);
            const FlowKey key = inner_key(frame);
            frame.insert(frame.end(), 50, 0x45);
            EXPECT_TRUE(inner_key(frame) == key) << packet.name << " in " << tunnel.name;
        }
}

// Cut anywhere, a key is a part of that of the packet inside or a part of that of the one around
// it, and never a mixture; and the inside is seen as soon as its header is whole.
TEST(Tunnel, EveryTruncationIsAPartOfOnePacket) {
    for (const Tunnel &tunnel : all_tunnels())
        for (const Packet &packet : packets()) {
            const Frame frame = around(tunnel, packet);
            const FlowKey whole = inner_key(frame);
            const size_t seen = tunnel.head(packet.type).size() + packet.header;
            for (size_t size = 0; size < frame.size(); size++) {
                const FlowKey key = exactly(parse_inner, frame.data(), size);
                const FlowKey outer = exactly(parse, frame.data(), size);
                EXPECT_TRUE(size < seen
                                ? key == outer
                                : is_part_of(key, whole) && key.source_ip == whole.source_ip)
                    << packet.name << " in " << tunnel.name << " cut to " << size << "\n  got   "
                    << describe(key) << "\n  outer " << describe(outer);
            }
        }
}

TEST(Tunnel, OrdinaryFramesHaveTheKeyOfParse) {
    for (const Case &one : all_cases())
        EXPECT_TRUE(inner_key(one.frame) == one.key) << one.name;
}

TEST(Tunnel, WhatIsNoneKeepsTheOuterKey) {
    const auto inside = [](FrameBuilder &f) {
        f.ethernet().type(kIpv4).ipv4({.source = 1}).ports(8, 9);
    };
    const auto packet = [](FrameBuilder &f) { f.ipv4({.source = 1}).ports(8, 9); };
    const std::vector<std::pair<std::string, Frame>> frames{
        {"vxlan without its bit", with(udp4(kVxlanPort), [&](auto &f) { inside(vxlan(f, 0x04)); })},
        {"another port", with(udp4(4788), [&](auto &f) { inside(vxlan(f)); })},
        {"the port of the source",
         with(ip4().ipv4({.protocol = kUdp}),
              [&](auto &f) { inside(vxlan(udp(f, 50000, kVxlanPort))); })},
        {"tcp to the port",
         with(ip4().ipv4({}), [&](auto &f) { inside(vxlan(udp(f, kVxlanPort))); })},
        {"vxlan with arp",
         with(udp4(kVxlanPort), [](auto &f) { vxlan(f).ethernet().type(0x0806).fill(28, 0x45); })},
        {"geneve of another version",
         with(udp4(kGenevePort), [&](auto &f) { packet(geneve(f, kIpv4, 0, 1)); })},
        {"gre of version 1", with(gre4(), [&](auto &f) { packet(gre(f, kIpv4, 1)); })},
        {"gre with a route", with(gre4(), [&](auto &f) { packet(gre(f, kIpv4, 0x4000)); })},
        {"gre with something", with(gre4(), [&](auto &f) { packet(gre(f, 0x880b)); })},
        {"gtp echo", with(udp4(kGtpPort), [&](auto &f) { packet(gtp(f, 0x30, 1)); })},
        {"gtp of version 2", with(udp4(kGtpPort), [&](auto &f) { packet(gtp(f, 0x50)); })},
        {"gtp prime", with(udp4(kGtpPort), [&](auto &f) { packet(gtp(f, 0x20)); })},
        {"gtp without length", with(udp4(kGtpPort),
                                    [&](auto &f) {
                                        f.raw({0x34, 0xff}).be16(9).be32(7).raw({0, 0, 0, 0x85});
                                        packet(f.raw({0, 0, 0, 0}));
                                    })},
        {"gtp extended by nine", with(udp4(kGtpPort),
                                      [&](auto &f) {
                                          packet(gtp(f, 0x36, 0xff, {1, 1, 1, 1, 1, 1, 1, 1, 1}));
                                      })},
        {"ipv6 where ipv4 should be",
         with(ip4().ipv4({.protocol = kIpv4Protocol}), [](auto &f) { f.ipv6(kTcp).ports(8, 9); })},
        {"pppoe discovery", with(eth().type(kPppoe), [&](auto &f) { packet(pppoe(f, 0x21, 9)); })},
        {"ppp control", with(eth().type(kPppoe), [&](auto &f) { packet(pppoe(f, 0xc021)); })},
        {"too many labels", with(eth().type(kMpls), [&](auto &f) { packet(labels(f, 17)); })},
        {"labels without bottom",
         with(eth().type(kMpls), [&](auto &f) { packet(f.be32(0x1040)); })},
        {"labels of a control word",
         with(eth().type(kMpls), [&](auto &f) { inside(labels(f, 1).be32(5)); })},
    };
    for (const auto &[name, frame] : frames)
        EXPECT_TRUE(inner_key(frame) == outer_key(frame))
            << name << "\n  got " << describe(inner_key(frame));
}

TEST(Tunnel, LabelsWithoutIpHaveNoIp) {
    const Frame frame = with(eth().type(kMpls), [](auto &f) { labels(f, 1).fill(60, 0x05); });
    EXPECT_EQ(inner_key(frame).ip_version, 0);
    EXPECT_EQ(inner_key(frame).ethertype, kMpls);
}

// The inside stands in the first fragment only.
TEST(Tunnel, AllFragmentsOfATunnelsPacketHaveOneKey) {
    const auto inside = [](FrameBuilder f) {
        f.ipv4({.source = 1}).ports(8, 9);
        return f;
    };
    const FlowKey first4 =
        inner_key(inside(ip4().ipv4({.protocol = kIpv4Protocol, .fragment = kMf})));
    const FlowKey later4 =
        inner_key(ip4().ipv4({.protocol = kIpv4Protocol, .fragment = 185}).fill(60, 0x45));
    const FlowKey first6 = inner_key(inside(ip6().ipv6(kFragment).fragment(kIpv4Protocol, 1)));
    const FlowKey later6 =
        inner_key(ip6().ipv6(kFragment).fragment(kIpv4Protocol, 185 << 3).fill(60, 0x45));
    EXPECT_TRUE(first4 == later4) << describe(first4) << " / " << describe(later4);
    EXPECT_TRUE(first6 == later6) << describe(first6) << " / " << describe(later6);
    EXPECT_EQ(first4.source_ip[0], 10);
    EXPECT_EQ(first4.protocol, kIpv4Protocol);
}

TEST(Tunnel, AnAtomicFragmentIsNoFragment) {
    const Frame frame = with(ip6().ipv6(kFragment).fragment(kIpv4Protocol, 0),
                             [](auto &f) { f.ipv4({.source = 1}).ports(8, 9); });
    EXPECT_EQ(inner_key(frame).destination_port, 9);
}

/// Packets of IPv4 in each other; the source of each is its depth, 0 being the outermost.
Frame nested(uint32_t depth) {
    FrameBuilder frame = ip4();
    for (uint32_t i = 0; i < depth; i++)
        frame.ipv4({.protocol = kIpv4Protocol, .source = i});
    return frame.ipv4({.source = depth}).ports(8, 9);
}

TEST(Tunnel, FourPacketsDeepIsTheEnd) {
    for (uint8_t depth = 0; depth <= 7; depth++) {
        const FlowKey key = inner_key(nested(depth));
        const int read = depth <= 4 ? depth : 4;
        EXPECT_EQ(key.source_ip[3], read) << int{depth};
        EXPECT_EQ(key.has_ports, depth <= 4) << int{depth};
        EXPECT_EQ(key.protocol, depth <= 4 ? kTcp : kIpv4Protocol) << int{depth};
    }
}

TEST(Tunnel, TunnelsOfAllKindsNest) {
    const Frame frame = with(udp6(kVxlanPort), [](auto &f) {
        vxlan(f).ethernet().tag(0x8100, 3).type(kIpv4).ipv4({.protocol = kUdp, .source = 1});
        gtp(udp(f, kGtpPort), 0x34, 0xff, {1}).ipv6(kGreProtocol);
        labels(gre(f, kMpls, 0x3000), 2).ipv4({.protocol = kIpv6Protocol, .source = 2});
        f.ipv6({.next_header = kUdp, .flow_label = 0x77, .source = 0x1234}).ports(8, 9);
    });
    const FlowKey key = inner_key(frame);
    EXPECT_EQ(key.flow_label, 0x77u) << describe(key);
    EXPECT_EQ(key.source_ip[15], 0x34);
    EXPECT_EQ(key.destination_port, 9);
    EXPECT_EQ(key.ethertype, kIpv6);
    EXPECT_EQ(key.outer_vlan, 0);
}

// What an outer packet had and the inner one has not must not shine through.
TEST(Tunnel, NothingOfTheOuterPacketIsLeft) {
    const Frame frame =
        with(ip6().ipv6({.next_header = kAuth, .flow_label = 0xfffff}), [](auto &f) {
            udp(f.authentication(kUdp), kVxlanPort);
            vxlan(f).ethernet().type(kIpv4).ipv4({.protocol = kIcmp}).ports(8, 9);
        });
    const FlowKey key = inner_key(frame);
    EXPECT_EQ(key.ip_version, 4);
    EXPECT_EQ(key.flow_label, 0u);
    EXPECT_EQ(key.spi, 0u);
    EXPECT_FALSE(key.has_ports);
    EXPECT_EQ(key.source_port, 0);
    EXPECT_EQ(key.source_ip[15], 0);
}

} // namespace
} // namespace lagg::frame
