// parse_inner() against every tunnel with every kind of packet inside, whole, cut off and broken.
// The key of a packet that nothing is around comes from parse(), which has tests of its own.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/checks.hh"
#include "tests/dataplane/frame/random_frames.hh"
#include "tests/dataplane/frame/tunnel_cases.hh"

#include <gtest/gtest.h>

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

FlowKey key_without_tunnel(const Packet &packet) {
    Frame frame = eth().type(packet.type);
    frame.insert(frame.end(), packet.octets.begin(), packet.octets.end());
    return outer_key(frame);
}

Frame around(const Tunnel &tunnel, const Packet &packet) {
    Frame frame = tunnel.head(packet.type);
    frame.insert(frame.end(), packet.octets.begin(), packet.octets.end());
    return frame;
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

// The header of a fragment with this offset reads like that of a datagram to a tunnel's port.
TEST(Tunnel, AFragmentHeaderIsNoTransport) {
    const auto fragment = [](FrameBuilder &f) {
        vxlan(f.ipv6(kFragment).fragment(kUdp, kVxlanPort)).ethernet();
        f.type(kIpv4).ipv4({.source = 1}).ports(8, 9);
    };
    const Frame bare = with(ip6(), fragment);
    const Frame inside = with(ip4().ipv4({.protocol = kIpv6Protocol}), fragment);
    EXPECT_TRUE(inner_key(bare) == outer_key(bare)) << describe(inner_key(bare));
    EXPECT_TRUE(same_ip(inner_key(inside), outer_key(bare))) << describe(inner_key(inside));
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

// Fields that only the outer packet has must not shine through.
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

TEST(Tunnel, SurvivesEveryShape) {
    RandomFrames random(3);
    for (int round = 0; round < 50000; round++) {
        const Frame frame = random.next();
        const FlowKey inner = inner_key(frame), outer = outer_key(frame);
        EXPECT_TRUE(is_coherent(inner) && is_coherent(outer)) << describe(inner);
        EXPECT_TRUE(same_link(inner, outer)) << describe(inner) << "\n  " << describe(outer);
        EXPECT_TRUE(inner.ip_version != 0 || outer.ip_version == 0);
    }
}

} // namespace
} // namespace lagg::frame
