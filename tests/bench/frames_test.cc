// The frames that engines are measured with: as many flows as promised, and headers that are right.
// Frames that an engine takes for something else than IPv4 would measure another path of it.
#include "bench/engine/frames.hh"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lagg::bench {
namespace {

unsigned word(const Frame &frame, size_t at) {
    return static_cast<unsigned>(frame[at] << 8 | frame[at + 1]);
}

TEST(Frames, EveryOneIsAFlowOfItsOwn) {
    std::set<std::string> flows;
    for (const Frame &frame : make_frames(2000))
        flows.emplace(frame.begin() + 26, frame.begin() + 38); // addresses and ports
    EXPECT_EQ(flows.size(), 2000u);
}

TEST(Frames, AreTheSameInEveryRun) {
    EXPECT_EQ(make_frames(100), make_frames(100));
}

TEST(Frames, HaveTheHeadersOfIpv4AndUdp) {
    for (const Frame &frame : make_frames(100)) {
        EXPECT_EQ(word(frame, 12), 0x0800u);
        EXPECT_EQ(frame[14], 0x45);
        EXPECT_EQ(word(frame, 16), kFrameBytes - 14u) << "length of the packet";
        EXPECT_EQ(frame[23], 17) << "UDP";
        EXPECT_EQ(word(frame, 38), kFrameBytes - 34u) << "length of the datagram";
        unsigned sum = 0;
        for (size_t at = 14; at < 34; at += 2)
            sum += word(frame, at);
        EXPECT_EQ((sum & 0xffff) + (sum >> 16), 0xffffu) << "checksum of the header";
    }
}

} // namespace
} // namespace lagg::bench
