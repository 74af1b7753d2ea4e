// The parser against frames that nobody wrote for it: what two Linux network stacks said to each
// other.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/capture.hh"
#include "tests/dataplane/frame/cases.hh"
#include "tests/dataplane/frame/checks.hh"
#include "tests/dataplane/frame/tunnels.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace lagg::frame {
namespace {

const std::vector<Frame> &captured() {
    static const std::vector<Frame> frames = read_capture(CAPTURED_FRAMES);
    return frames;
}

/// Conversations with one address over every link: 4 of TCP and 4 of UDP, both directions.
constexpr size_t kFlowsOfAnAddress = 2 * (4 + 4);
constexpr size_t kLinks = 4; // the cable, and three VXLANs over it
constexpr size_t kFamilies = 2;

/// One direction of a conversation. Without the flow label, which a kernel may change on the way.
using Flow =
    std::tuple<uint8_t, std::array<uint8_t, 16>, std::array<uint8_t, 16>, uint16_t, uint16_t>;

Flow flow_of(const FlowKey &key) {
    return {key.protocol, key.source_ip, key.destination_ip, key.source_port, key.destination_port};
}
Flow turned(const Flow &flow) {
    const auto &[protocol, source, destination, from, to] = flow;
    return {protocol, destination, source, to, from};
}

TEST(Capture, EveryFrameHasACoherentKey) {
    ASSERT_GT(captured().size(), 500u);
    for (const Frame &frame : captured()) {
        const FlowKey outer = exactly(parse, frame.data(), frame.size());
        const FlowKey inner = exactly(parse_inner, frame.data(), frame.size());
        const bool ip = outer.ethertype == kIpv4 || outer.ethertype == kIpv6;
        EXPECT_EQ(ip, outer.ip_version != 0) << describe(outer);
        EXPECT_TRUE(ip || outer.ethertype == 0x0806) << describe(outer);
        EXPECT_TRUE(is_coherent(outer) && is_coherent(inner)) << describe(inner);
        EXPECT_TRUE(same_link(outer, inner)) << describe(inner);
        // ARP is all that a VXLAN carries here beside IP.
        const bool tunnel =
            outer.destination_port == kVxlanPort || outer.destination_port == kOldVxlanPort;
        EXPECT_TRUE(tunnel || inner == outer) << describe(outer);
    }
}

TEST(Capture, EveryConversationIsSeenInBothDirections) {
    std::set<Flow> flows;
    for (const Frame &frame : captured()) {
        const FlowKey key = parse_inner(frame);
        if (key.source_port == 7001 || key.destination_port == 7001) flows.insert(flow_of(key));
    }
    EXPECT_EQ(flows.size(), kLinks * kFamilies * kFlowsOfAnAddress);
    for (const Flow &flow : flows)
        EXPECT_TRUE(flows.contains(turned(flow)));
}

// Linux hashes what is inside into the source port: the outer keys tell flows apart as well, but
// say nothing about whose they are.
TEST(Capture, TunnelsShowTheirInside) {
    std::map<uint8_t, int> tunnels; // frames by the version of the outer packet
    std::set<std::pair<int, int>> insides;
    for (const Frame &frame : captured()) {
        const FlowKey outer = parse(frame), inner = parse_inner(frame);
        if (inner == outer) continue;
        tunnels[outer.ip_version]++;
        insides.emplace(outer.destination_port, inner.ip_version);
        const int link = inner.ip_version == 4 ? inner.source_ip[2] : inner.source_ip[3];
        const bool multicast_or_local = inner.ip_version == 6 && inner.source_ip[0] != 0xfd;
        EXPECT_TRUE(multicast_or_local || (link >= 1 && link <= 3)) << describe(inner);
    }
    EXPECT_GT(tunnels[4], 100);
    EXPECT_GT(tunnels[6], 50);
    EXPECT_EQ(insides,
              (std::set<std::pair<int, int>>{
                  {kVxlanPort, 4}, {kVxlanPort, 6}, {kOldVxlanPort, 4}, {kOldVxlanPort, 6}}));
}

/// Names a datagram of the cable that came in fragments; empty for other frames.
std::string datagram_of(const Frame &frame) {
    const auto text = [&](size_t at, size_t size) {
        return std::string(frame.begin() + static_cast<ptrdiff_t>(at),
                           frame.begin() + static_cast<ptrdiff_t>(at + size));
    };
    if (frame.size() < 62) return {};
    if (frame[12] == 0x08 && frame[13] == 0 && ((frame[20] & 0x3f) != 0 || frame[21] != 0))
        return text(18, 2) + text(26, 8);
    if (frame[12] == 0x86 && frame[20] == kFragment) return text(22, 32) + text(58, 4);
    return {};
}

TEST(Capture, FragmentsOfADatagramHaveOneKey) {
    std::map<std::string, std::vector<FlowKey>> datagrams;
    for (const Frame &frame : captured())
        if (const std::string name = datagram_of(frame); !name.empty())
            datagrams[name].push_back(parse(frame));
    EXPECT_GE(datagrams.size(), 8u); // of two families and directions, by ping and UDP
    for (const auto &[name, keys] : datagrams) {
        EXPECT_GE(keys.size(), 2u);
        for (const FlowKey &key : keys)
            EXPECT_TRUE(key == keys.front() && !key.has_ports) << describe(key);
    }
}

TEST(Capture, OptionsAreWalkedOver) {
    int options = 0, extensions = 0;
    for (const Frame &frame : captured()) {
        const FlowKey key = parse(frame);
        if (key.protocol != kTcp && key.protocol != kUdp) continue;
        if (key.ip_version == 4 && frame[14] > 0x45 && key.has_ports) options++;
        if (key.ip_version == 6 && frame[20] == kHopByHop && key.has_ports) extensions++;
    }
    EXPECT_GT(options, 4);
    EXPECT_GT(extensions, 4);
}

TEST(Capture, AFileThatIsNoneHasNoFrames) {
    EXPECT_TRUE(read_capture("/nonexistent").empty());
}

} // namespace
} // namespace lagg::frame
