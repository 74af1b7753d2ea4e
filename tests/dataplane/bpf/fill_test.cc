// The copy from a plain frame in wide words has to say what the parser says.
#include "dataplane/bpf/flow.hh"

#include "tests/dataplane/frame/cases.hh"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace lagg::bpf {
namespace {

using distribute::Packet;
using frame::Frame;

/// Octets that a fill has to write: all before the clock.
constexpr size_t kFilled = offsetof(lagg_flow, now_us);

bool same(const lagg_flow &a, const lagg_flow &b) {
    return std::memcmp(&a, &b, kFilled) == 0;
}

/// Both ways start from other garbage, so that an octet which one of them leaves out shows.
bool agrees(const Frame &one, bool &plain) {
    lagg_flow general, fast;
    std::memset(&general, 0xa5, sizeof general);
    std::memset(&fast, 0x5a, sizeof fast);
    fill(frame::parse(one), static_cast<uint32_t>(one.size()), general);
    plain = fill_plain(Packet::of(one), LAGG_UDP, fast);
    return !plain || same(general, fast);
}

TEST(Fill, EveryShapeOfFrame) {
    size_t plain_ones = 0;
    for (const frame::Case &one : frame::all_cases()) {
        bool plain = false;
        EXPECT_TRUE(agrees(one.frame, plain)) << one.name;
        plain_ones += plain ? 1 : 0;
    }
    EXPECT_GT(plain_ones, 0u);
}

TEST(Fill, FramesOfChance) {
    std::mt19937 random(1);
    size_t plain_ones = 0;
    for (int i = 0; i < 20000; i++) {
        Frame one = frame::ip4().ipv4({.protocol = static_cast<uint8_t>(i % 2 ? 6 : 17)});
        one.resize(30 + random() % 40);
        for (size_t at = 0; at < one.size(); at++)
            if (at < 12 || at > 23) one[at] = static_cast<uint8_t>(random());
        // And one octet anywhere, that decides about the shape as often as not.
        if (i % 3 == 0) one[random() % 24 + 10] = static_cast<uint8_t>(random());
        bool plain = false;
        ASSERT_TRUE(agrees(one, plain)) << i;
        plain_ones += plain ? 1 : 0;
    }
    EXPECT_GT(plain_ones, 5000u);
    EXPECT_LT(plain_ones, 19000u);
}

TEST(Fill, UdpMayBeATunnel) {
    const Frame udp = frame::ip4().ipv4({.protocol = 17}).ports(1, 4789);
    const Frame tcp = frame::ip4().ipv4({.protocol = 6}).ports(1, 4789);
    lagg_flow flow{};
    EXPECT_FALSE(fill_plain(Packet::of(udp), LAGG_TCP, flow));
    EXPECT_TRUE(fill_plain(Packet::of(tcp), LAGG_TCP, flow));
}

TEST(Fill, FieldsOfIpv6AndTags) {
    lagg_flow flow{};
    const Frame one =
        frame::eth().tag(0x88a8, 100).tag(0x8100, 10).type(0x86dd).ipv6(17).ports(5, 6);
    fill(frame::parse(one), 1234, flow);
    EXPECT_EQ(flow.outer_vlan, 100);
    EXPECT_EQ(flow.inner_vlan, 10);
    EXPECT_EQ(flow.ethertype, 0x86dd);
    EXPECT_EQ(flow.ip_version, 6);
    EXPECT_EQ(LAGG_HOST32(flow.source_ip[0]), 0x20010db8u);
    EXPECT_EQ(LAGG_HOST32(flow.destination_ip[3]), 2u);
    EXPECT_EQ(flow.source_port, 5);
    EXPECT_EQ(flow.destination_port, 6);
    EXPECT_EQ(flow.has_ports, 1);
    EXPECT_EQ(flow.length, 1234u);
}

TEST(Fill, AddressesOfIpv4AreInOneWord) {
    lagg_flow flow{};
    const Frame one = frame::ip4().ipv4({}).ports(5, 6);
    ASSERT_TRUE(fill_plain(Packet::of(one), LAGG_UDP, flow));
    EXPECT_EQ(flow.source_ip[0], LAGG_IP(10, 1, 2, 3));
    EXPECT_EQ(flow.destination_ip[0], LAGG_IP(10, 4, 5, 6));
}

} // namespace
} // namespace lagg::bpf
