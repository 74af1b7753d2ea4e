// The parser against frames of known content, against every truncation of them, and against the
// promise that all packets of a conversation have one key.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/frame_builder.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

namespace lagg::frame {
namespace {

using Frame = std::vector<uint8_t>;

constexpr uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kSctp = 132;
constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kEsp = 50, kAuth = 51, kNoNext = 59,
                  kDestination = 60, kMobility = 135;
constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
constexpr uint16_t kDf = 0x4000, kMf = 0x2000;

FlowKey ethernet_key(uint16_t ethertype, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key;
    key.destination_mac = {2, 0, 0, 0, 0, 1};
    key.source_mac = {2, 0, 0, 0, 0, 2};
    key.outer_vlan = outer;
    key.inner_vlan = inner;
    key.ethertype = ethertype;
    return key;
}

FlowKey with_ports(FlowKey key, uint16_t source, uint16_t destination) {
    key.source_port = source;
    key.destination_port = destination;
    key.has_ports = true;
    return key;
}

FlowKey ipv4_key(uint8_t protocol, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key = ethernet_key(kIpv4, outer, inner);
    key.ip_version = 4;
    key.protocol = protocol;
    key.source_ip = {10, 1, 2, 3};
    key.destination_ip = {10, 4, 5, 6};
    return key;
}

FlowKey ipv6_key(uint8_t protocol, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key = ethernet_key(kIpv6, outer, inner);
    key.ip_version = 6;
    key.protocol = protocol;
    key.source_ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    key.destination_ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    return key;
}

FrameBuilder eth() {
    return FrameBuilder().ethernet();
}
FrameBuilder ip4() {
    return eth().type(kIpv4);
}
FrameBuilder ip6() {
    return eth().type(kIpv6);
}

struct Case {
    std::string name;
    Frame frame;
    FlowKey key;
};

std::vector<Case> link_cases() {
    return {
        {"arp", eth().type(0x0806).fill(28, 1), ethernet_key(0x0806)},
        {"length, no ethertype", eth().type(0x05ff).raw({0x42, 0x42, 3}), ethernet_key(0)},
        {"lowest ethertype", eth().type(0x0600).fill(4, 1), ethernet_key(0x0600)},
        {"vlan", eth().tag(0x8100, 0x6123).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 0x123), 1, 2)},
        {"priority tag", eth().tag(0x8100, 0xe000).type(kIpv6).ipv6(kUdp).ports(1, 2),
         with_ports(ipv6_key(kUdp), 1, 2)},
        {"88a8", eth().tag(0x88a8, 100).tag(0x8100, 0xf00a).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 100, 10), 1, 2)},
        {"9100", eth().tag(0x9100, 100).tag(0x9100, 10).type(kIpv6).ipv6(kTcp).ports(1, 2),
         with_ports(ipv6_key(kTcp, 100, 10), 1, 2)},
        {"three tags",
         eth().tag(0x88a8, 3).tag(0x8100, 2).tag(0x8100, 1).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 3, 2), 1, 2)},
        {"four tags",
         eth().tag(0x88a8, 4).tag(0x8100, 3).tag(0x8100, 2).tag(0x8100, 1).type(0x0806),
         ethernet_key(0x0806, 4, 3)},
        {"five tags",
         eth().tag(0x8100, 5).tag(0x8100, 4).tag(0x8100, 3).tag(0x8100, 2).tag(0x8100, 1).type(
             kIpv4),
         ethernet_key(0, 5, 4)},
        {"length behind a tag", eth().tag(0x8100, 9).type(60).raw({0x42, 0x42, 3}),
         ethernet_key(0, 9)},
    };
}

std::vector<Case> ipv4_cases() {
    const FlowKey tcp = with_ports(ipv4_key(kTcp), 40000, 443);
    return {
        {"tcp", ip4().ipv4({}).ports(40000, 443), tcp},
        {"udp", ip4().ipv4({.protocol = kUdp}).ports(1, 2), with_ports(ipv4_key(kUdp), 1, 2)},
        {"sctp", ip4().ipv4({.protocol = kSctp}).ports(1, 2), with_ports(ipv4_key(kSctp), 1, 2)},
        {"port zero", ip4().ipv4({}).ports(0, 0), with_ports(ipv4_key(kTcp), 0, 0)},
        {"icmp", ip4().ipv4({.protocol = kIcmp}).ports(1, 2), ipv4_key(kIcmp)},
        {"df", ip4().ipv4({.fragment = kDf}).ports(40000, 443), tcp},
        {"reserved bit", ip4().ipv4({.fragment = 0x8000}).ports(40000, 443), tcp},
        {"first fragment", ip4().ipv4({.fragment = kMf}).ports(1, 2), ipv4_key(kTcp)},
        {"middle", ip4().ipv4({.fragment = kMf | 185}).ports(1, 2), ipv4_key(kTcp)},
        {"last", ip4().ipv4({.fragment = 370}).ports(1, 2), ipv4_key(kTcp)},
        {"offset 1", ip4().ipv4({.fragment = 1}).ports(1, 2), ipv4_key(kTcp)},
        {"offset 0x1000", ip4().ipv4({.fragment = 0x1000}).ports(1, 2), ipv4_key(kTcp)},
        {"df and offset", ip4().ipv4({.fragment = kDf | 5}).ports(1, 2), ipv4_key(kTcp)},
        {"one option", ip4().ipv4({.option_words = 1}).ports(40000, 443), tcp},
        {"all options", ip4().ipv4({.option_words = 10}).ports(40000, 443), tcp},
        {"total length 0", ip4().ipv4({.total_length = 0}).ports(40000, 443), tcp},
        {"total length max", ip4().ipv4({.total_length = 65535}).ports(40000, 443), tcp},
        {"ihl 4", ip4().ipv4({.version_ihl = 0x44}).ports(1, 2), ethernet_key(kIpv4)},
        {"version 6", ip4().ipv4({.version_ihl = 0x65}).ports(1, 2), ethernet_key(kIpv4)},
        {"options cut off", ip4().ipv4({.version_ihl = 0x4f}).ports(1, 2), ipv4_key(kTcp)},
    };
}

std::vector<Case> ipv6_cases() {
    const FlowKey tcp = with_ports(ipv6_key(kTcp), 40000, 443);
    const auto seven = [](FrameBuilder frame) {
        for (int i = 0; i < 7; i++)
            frame.extension(kDestination);
        return frame;
    };
    return {
        {"tcp", ip6().ipv6(kTcp).ports(40000, 443), tcp},
        {"sctp", ip6().ipv6(kSctp).ports(1, 2), with_ports(ipv6_key(kSctp), 1, 2)},
        {"icmp", ip6().ipv6(58).ports(1, 2), ipv6_key(58)},
        {"esp", ip6().ipv6(kEsp).ports(1, 2), ipv6_key(kEsp)},
        {"no next header", ip6().ipv6(kNoNext), ipv6_key(kNoNext)},
        {"version 4", ip6().ipv6(kTcp, 0x40).ports(1, 2), ethernet_key(kIpv6)},
        {"hop by hop", ip6().ipv6(kHopByHop).extension(kTcp).ports(40000, 443), tcp},
        {"routing", ip6().ipv6(kRouting).extension(kTcp, 4).ports(40000, 443), tcp},
        {"destination", ip6().ipv6(kDestination).extension(kTcp, 1).ports(40000, 443), tcp},
        {"mobility", ip6().ipv6(kMobility).extension(kNoNext, 1), ipv6_key(kNoNext)},
        {"authentication", ip6().ipv6(kAuth).authentication(kTcp).ports(40000, 443), tcp},
        {"longer one", ip6().ipv6(kAuth).authentication(kTcp, 3).ports(40000, 443), tcp},
        {"all of them",
         ip6()
             .ipv6(kHopByHop)
             .extension(kDestination)
             .extension(kRouting, 1)
             .extension(kFragment, 2)
             .fragment(kAuth, 0)
             .authentication(kDestination, 2)
             .extension(kTcp)
             .ports(40000, 443),
         tcp},
        {"atomic fragment", ip6().ipv6(kFragment).fragment(kTcp, 0).ports(40000, 443), tcp},
        {"reserved bits", ip6().ipv6(kFragment).fragment(kTcp, 6).ports(40000, 443), tcp},
        {"first fragment", ip6().ipv6(kFragment).fragment(kUdp, 1).ports(1, 2), ipv6_key(kUdp)},
        {"middle", ip6().ipv6(kFragment).fragment(kUdp, 8 | 1).ports(1, 2), ipv6_key(kUdp)},
        {"last", ip6().ipv6(kFragment).fragment(kUdp, 0x8000).ports(1, 2), ipv6_key(kUdp)},
        {"routed fragment",
         ip6().ipv6(kRouting).extension(kFragment, 2).fragment(kTcp, 8).ports(1, 2),
         ipv6_key(kTcp)},
        {"eight headers", seven(ip6().ipv6(kDestination)).extension(kTcp).ports(40000, 443), tcp},
        {"nine headers",
         seven(ip6().ipv6(kDestination)).extension(kDestination).extension(kTcp).ports(1, 2),
         ipv6_key(0)},
        {"header past the end", ip6().ipv6(kDestination).extension(kTcp, 0).fill(0, 0),
         ipv6_key(kTcp)},
        {"length past the end", ip6().ipv6(kDestination).raw({kTcp, 255}).fill(40, 1),
         ipv6_key(kTcp)},
    };
}

std::vector<Case> all_cases() {
    std::vector<Case> all = link_cases();
    for (auto &[prefix, more] :
         {std::pair{"ipv4 ", ipv4_cases()}, std::pair{"ipv6 ", ipv6_cases()}})
        for (const Case &one : more)
            all.push_back({prefix + one.name, one.frame, one.key});
    return all;
}

/// Parses from a heap block that ends where the frame does, so that a sanitizer sees any octet read
/// too far.
FlowKey parse_exactly(const uint8_t *data, size_t size) {
    const auto block = std::make_unique<uint8_t[]>(size);
    std::copy_n(data, size, block.get());
    return parse({block.get(), size});
}

FlowKey key_of(const Frame &frame) {
    return parse_exactly(frame.data(), frame.size());
}

std::string describe(const FlowKey &key) {
    return "type " + std::to_string(key.ethertype) + " vlans " + std::to_string(key.outer_vlan) +
           "." + std::to_string(key.inner_vlan) + " ip " + std::to_string(key.ip_version) +
           " protocol " + std::to_string(key.protocol) + " ports " +
           std::to_string(key.source_port) + "," + std::to_string(key.destination_port) +
           (key.has_ports ? " (has)" : "");
}

TEST(FlowKey, ReadsEveryCase) {
    for (const Case &one : all_cases()) {
        const FlowKey key = key_of(one.frame);
        EXPECT_TRUE(key == one.key)
            << one.name << "\n  got      " << describe(key) << "\n  expected " << describe(one.key);
    }
}

template <typename T> bool whole_or_zero(const T &cut, const T &whole) {
    return cut == whole || cut == T{};
}

/// What is cut off is zero: a field is never made of half of its octets or of other octets.
void expect_part_of(const FlowKey &cut, const FlowKey &whole, const std::string &name) {
    EXPECT_TRUE(whole_or_zero(cut.destination_mac, whole.destination_mac)) << name;
    EXPECT_TRUE(whole_or_zero(cut.source_mac, whole.source_mac)) << name;
    EXPECT_TRUE(whole_or_zero(cut.outer_vlan, whole.outer_vlan)) << name;
    EXPECT_TRUE(whole_or_zero(cut.inner_vlan, whole.inner_vlan)) << name;
    EXPECT_TRUE(whole_or_zero(cut.ethertype, whole.ethertype)) << name;
    EXPECT_TRUE(whole_or_zero(cut.ip_version, whole.ip_version)) << name;
    EXPECT_TRUE(whole_or_zero(cut.protocol, whole.protocol)) << name;
    EXPECT_TRUE(whole_or_zero(cut.source_ip, whole.source_ip)) << name;
    EXPECT_TRUE(whole_or_zero(cut.destination_ip, whole.destination_ip)) << name;
    EXPECT_TRUE(whole_or_zero(cut.source_port, whole.source_port)) << name;
    EXPECT_TRUE(whole_or_zero(cut.destination_port, whole.destination_port)) << name;
    EXPECT_TRUE(whole_or_zero(cut.has_ports, whole.has_ports)) << name;
}

TEST(FlowKey, EveryTruncationIsAPartOfTheWhole) {
    for (const Case &one : all_cases())
        for (size_t size = 0; size < one.frame.size(); size++)
            expect_part_of(parse_exactly(one.frame.data(), size), one.key,
                           one.name + " cut to " + std::to_string(size));
}

TEST(FlowKey, PortsAreReadAsSoonAsTheirFourOctetsAreThere) {
    const Frame tcp = ip4().ipv4({.option_words = 2}).ports(40000, 443);
    const size_t ports_end = 14 + 28 + 4;
    EXPECT_TRUE(parse_exactly(tcp.data(), ports_end).has_ports);
    EXPECT_FALSE(parse_exactly(tcp.data(), ports_end - 1).has_ports);
    EXPECT_EQ(parse_exactly(tcp.data(), ports_end - 1).source_port, 0);
}

TEST(FlowKey, NothingIsReadFromNothing) {
    EXPECT_TRUE(parse({}) == FlowKey{});
}

// The payload of a later fragment stands where ports would, and differs in every fragment.
TEST(FlowKey, AllFragmentsOfADatagramHaveOneKey) {
    const FlowKey first4 = key_of(ip4().ipv4({.protocol = kUdp, .fragment = kMf}).ports(53, 99));
    const FlowKey first6 = key_of(ip6().ipv6(kFragment).fragment(kUdp, 1).ports(53, 99));
    EXPECT_FALSE(first4.has_ports);
    EXPECT_FALSE(first6.has_ports);
    for (uint16_t n = 1; n < 40; n++) {
        const auto offset = static_cast<uint16_t>(n * 181);
        const auto more = static_cast<uint16_t>(n < 39 ? kMf : 0);
        const auto junk = static_cast<uint16_t>(n * 7919);
        FrameBuilder later4 =
            ip4().ipv4({.protocol = kUdp, .fragment = static_cast<uint16_t>(more | offset)});
        FrameBuilder later6 =
            ip6().ipv6(kFragment).fragment(kUdp, static_cast<uint16_t>(offset << 3 | (more != 0)));
        EXPECT_TRUE(key_of(later4.be16(junk).be16(junk)) == first4) << n;
        EXPECT_TRUE(key_of(later6.be16(junk).be16(junk)) == first6) << n;
    }
}

// Headers behind the fragment header exist in the first fragment only; walking on there would give
// that one a key of its own.
TEST(FlowKey, HeadersBehindTheFragmentHeaderDoNotTellTheFirstFragmentApart) {
    const FlowKey first =
        key_of(ip6().ipv6(kFragment).fragment(kDestination, 1).extension(kUdp).ports(53, 99));
    const FlowKey later = key_of(ip6().ipv6(kFragment).fragment(kDestination, 80).fill(60, 0x5a));
    EXPECT_TRUE(first == later) << describe(first) << " / " << describe(later);
}

TEST(FlowKey, OptionsAndExtensionHeadersDoNotChangeTheKey) {
    const FlowKey plain4 = key_of(ip4().ipv4({}).ports(1, 2));
    for (uint8_t words = 1; words <= 10; words++)
        EXPECT_TRUE(key_of(ip4().ipv4({.option_words = words}).ports(1, 2)) == plain4);
    const FlowKey plain6 = key_of(ip6().ipv6(kTcp).ports(1, 2));
    for (uint8_t more = 0; more < 30; more++) {
        const Frame frame =
            ip6().ipv6(kHopByHop).extension(kAuth, more).authentication(kTcp, more).ports(1, 2);
        EXPECT_TRUE(key_of(frame) == plain6) << int{more};
    }
}

TEST(FlowKey, SurvivesRandomOctets) {
    std::mt19937 random(1);
    for (int round = 0; round < 20000; round++) {
        Frame frame(random() % 160);
        std::generate(frame.begin(), frame.end(), [&] { return static_cast<uint8_t>(random()); });
        const FlowKey key = key_of(frame);
        EXPECT_TRUE(key.ip_version == 0 || key.ip_version == 4 || key.ip_version == 6);
        EXPECT_TRUE(key.has_ports || (key.source_port == 0 && key.destination_port == 0));
    }
}

// Random octets alone hardly ever get past the ethertype; changed ones of known frames do.
TEST(FlowKey, SurvivesDamagedFrames) {
    std::mt19937 random(2);
    const std::vector<Case> cases = all_cases();
    for (int round = 0; round < 40000; round++) {
        Frame frame = cases[random() % cases.size()].frame;
        for (int change = 0; change < 3; change++)
            frame[12 + random() % (frame.size() - 12)] = static_cast<uint8_t>(random());
        frame.resize(random() % (frame.size() + 1));
        const FlowKey key = key_of(frame);
        EXPECT_TRUE(key.has_ports || (key.source_port == 0 && key.destination_port == 0));
        EXPECT_TRUE(key.ip_version != 0 || (key.protocol == 0 && !key.has_ports));
    }
}

TEST(SlowProtocol, IsTheUntaggedEthertypeAlone) {
    const Frame slow = eth().type(0x8809);
    EXPECT_TRUE(is_slow_protocol(slow));
    EXPECT_FALSE(is_slow_protocol(Frame(slow.begin(), slow.end() - 1)));
    EXPECT_FALSE(is_slow_protocol({}));
    EXPECT_FALSE(is_slow_protocol(Frame(eth().type(0x0988))));
    EXPECT_FALSE(is_slow_protocol(Frame(eth().tag(0x8100, 1).type(0x8809))));
    EXPECT_FALSE(is_slow_protocol(Frame(ip4().ipv4({}))));
}

} // namespace
} // namespace lagg::frame
