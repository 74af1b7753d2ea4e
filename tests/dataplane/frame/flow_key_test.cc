// The parser against frames of known content, against every truncation of them, and against the
// promise that all packets of a conversation have one key.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/cases.hh"
#include "tests/dataplane/frame/checks.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace lagg::frame {
namespace {

FlowKey key_of(const Frame &frame) {
    return exactly(parse, frame.data(), frame.size());
}

TEST(FlowKey, ReadsEveryCase) {
    for (const Case &one : all_cases()) {
        const FlowKey key = key_of(one.frame);
        EXPECT_TRUE(key == one.key)
            << one.name << "\n  got      " << describe(key) << "\n  expected " << describe(one.key);
    }
}

TEST(FlowKey, EveryTruncationIsAPartOfTheWhole) {
    for (const Case &one : all_cases())
        for (size_t size = 0; size < one.frame.size(); size++)
            EXPECT_TRUE(is_part_of(exactly(parse, one.frame.data(), size), one.key))
                << one.name << " cut to " << size;
}

TEST(FlowKey, PortsAreReadAsSoonAsTheirFourOctetsAreThere) {
    const Frame tcp = ip4().ipv4({.option_words = 2}).ports(40000, 443);
    const size_t ports_end = 14 + 28 + 4;
    EXPECT_TRUE(exactly(parse, tcp.data(), ports_end).has_ports);
    EXPECT_FALSE(exactly(parse, tcp.data(), ports_end - 1).has_ports);
    EXPECT_EQ(exactly(parse, tcp.data(), ports_end - 1).source_port, 0);
}

TEST(FlowKey, AddressesAreReadAsSoonAsEachIsThere) {
    const Frame frame = eth().type(kIpv4);
    const FlowKey whole = key_of(frame);
    for (size_t size = 0; size <= frame.size(); size++) {
        const FlowKey cut = exactly(parse, frame.data(), size);
        EXPECT_EQ(cut.destination_mac == whole.destination_mac, size >= 6) << size;
        EXPECT_EQ(cut.source_mac == whole.source_mac, size >= 12) << size;
    }
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
            ip6().ipv6(kHopByHop).extension(kRouting, more).extension(kTcp, more).ports(1, 2);
        EXPECT_TRUE(key_of(frame) == plain6) << int{more};
    }
}

// A flow that is authenticated is so in every packet, and the length of the proof is no part of it.
TEST(FlowKey, TheLengthOfAuthenticationDoesNotChangeTheKey) {
    FrameBuilder plain4 = ip4().ipv4({.protocol = kAuth}).authentication(kUdp);
    FrameBuilder plain6 = ip6().ipv6(kAuth).authentication(kUdp);
    const FlowKey key4 = key_of(plain4.ports(1, 2));
    const FlowKey key6 = key_of(plain6.ports(1, 2));
    for (uint8_t more = 1; more < 30; more++) {
        FrameBuilder longer4 = ip4().ipv4({.protocol = kAuth}).authentication(kUdp, more);
        FrameBuilder longer6 = ip6().ipv6(kHopByHop).extension(kAuth).authentication(kUdp, more);
        EXPECT_TRUE(key_of(longer4.ports(1, 2)) == key4) << int{more};
        EXPECT_TRUE(key_of(longer6.ports(1, 2)) == key6) << int{more};
    }
}

TEST(FlowKey, SurvivesRandomOctets) {
    std::mt19937 random(1);
    for (int round = 0; round < 20000; round++) {
        Frame frame(random() % 160);
        std::generate(frame.begin(), frame.end(), [&] { return static_cast<uint8_t>(random()); });
        EXPECT_TRUE(is_coherent(key_of(frame))) << describe(key_of(frame));
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
        EXPECT_TRUE(is_coherent(key_of(frame))) << describe(key_of(frame));
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

TEST(SlowProtocol, IsKnownBehindTags) {
    const Frame tagged = eth().tag(0x8100, 5).type(0x8809);
    EXPECT_TRUE(is_tagged_slow_protocol(tagged));
    EXPECT_TRUE(is_tagged_slow_protocol(Frame(eth().tag(0x88a8, 0).tag(0x8100, 5).type(0x8809))));
    for (size_t size = 0; size < tagged.size(); ++size)
        EXPECT_FALSE(is_tagged_slow_protocol({tagged.data(), size})) << size;
    EXPECT_FALSE(is_tagged_slow_protocol(Frame(eth().type(0x8809))));
    EXPECT_FALSE(is_tagged_slow_protocol(Frame(eth().tag(0x8100, 5).type(0x0800))));
}

TEST(LinkFrame, IsToldByTypeAndSubtype) {
    const auto slow = [](uint8_t subtype) { return Frame(eth().type(0x8809).raw({subtype, 1})); };
    EXPECT_EQ(link_frame(slow(1)), LinkFrame::SLOW);
    EXPECT_EQ(link_frame(slow(2)), LinkFrame::SLOW);
    EXPECT_EQ(link_frame(slow(3)), LinkFrame::OAM);
    EXPECT_EQ(link_frame(slow(10)), LinkFrame::ESMC);
    EXPECT_EQ(link_frame(slow(200)), LinkFrame::SLOW);
    EXPECT_EQ(link_frame(Frame(eth().type(0x8809))), LinkFrame::SLOW) << "no subtype";
    EXPECT_EQ(link_frame(Frame(eth().type(0x8808).raw({0, 1}))), LinkFrame::MAC_CONTROL);
    EXPECT_EQ(link_frame(Frame(eth().tag(0x8100, 1).type(0x8808))), LinkFrame::NONE);
    EXPECT_EQ(link_frame({}), LinkFrame::NONE);
    for (unsigned type = 0; type <= 0xffff; ++type) {
        const Frame frame(eth().type(static_cast<uint16_t>(type)));
        EXPECT_EQ(stays_on_link(frame), type == 0x8808 || type == 0x8809);
        EXPECT_EQ(stays_on_link(frame), link_frame(frame) != LinkFrame::NONE);
    }
}

} // namespace
} // namespace lagg::frame
