// A frame made of a key has that key, whatever frame the key was of.
#include "dataplane/frame/frame_of.hh"

#include "tests/dataplane/frame/checks.hh"
#include "tests/dataplane/frame/frame_builder.hh"
#include "tests/dataplane/frame/random_frames.hh"

#include <gtest/gtest.h>

#include <set>

namespace lagg::frame {
namespace {

void expect_same_again(const FlowKey &key) {
    const std::vector<uint8_t> made = frame_of(key);
    EXPECT_GE(made.size(), 60u);
    EXPECT_EQ(parse(made), key) << describe(parse(made)) << "\n" << describe(key);
}

TEST(FrameOf, HasTheKeyItWasMadeOf) {
    expect_same_again({});
    expect_same_again(parse(std::vector<uint8_t>(
        FrameBuilder().ethernet().tag(0x88a8, 7).tag(0x8100, 9).type(0x0800).ipv4({}).ports(1,
                                                                                            2))));
    expect_same_again(
        parse(std::vector<uint8_t>(FrameBuilder().ethernet().type(0x88cc).fill(40, 9))));
    FlowKey key = parse(
        std::vector<uint8_t>(FrameBuilder().ethernet().type(0x86dd).ipv6(132).ports(1000, 65535)));
    key.flow_label = 0xfffff;
    expect_same_again(key);
    key.spi = 0x12345678; // AH in front of SCTP
    expect_same_again(key);
    key.has_ports = false; // a fragment
    key.source_port = key.destination_port = 0;
    key.spi = 0;
    expect_same_again(key);
}

/// A frame that ends behind AH, or in the middle of the ports: no whole frame has such a key.
bool is_cut_off(const FlowKey &key) {
    const bool ports = key.protocol == 6 || key.protocol == 17 || key.protocol == 132;
    return key.spi != 0 && ports && !key.has_ports;
}

TEST(FrameOf, HasTheKeyOfAnyFrame) {
    RandomFrames frames(11);
    std::set<unsigned> protocols, versions;
    for (int i = 0; i < 100'000; i++) {
        const FlowKey key = parse(frames.next());
        if (is_cut_off(key)) continue;
        ASSERT_EQ(parse(frame_of(key)), key) << describe(key);
        protocols.insert(key.protocol);
        versions.insert(key.ip_version);
    }
    EXPECT_GT(protocols.size(), 10u);
    EXPECT_EQ(versions.size(), 3u);
}

} // namespace
} // namespace lagg::frame
