// Frames of known content, with the key that each of them must have, and the words to write more.
#pragma once

#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/frame_builder.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace lagg::frame {

using Frame = std::vector<uint8_t>;

inline constexpr uint8_t kTcp = 6, kUdp = 17, kIcmp = 1, kSctp = 132;
inline constexpr uint8_t kHopByHop = 0, kRouting = 43, kFragment = 44, kEsp = 50, kAuth = 51,
                         kNoNext = 59, kDestination = 60, kMobility = 135;
inline constexpr uint32_t kAuthSpi = 0x06060606; ///< of every FrameBuilder::authentication()
inline constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;
inline constexpr uint16_t kDf = 0x4000, kMf = 0x2000;

inline FrameBuilder eth() {
    return FrameBuilder().ethernet();
}
inline FrameBuilder ip4() {
    return eth().type(kIpv4);
}
inline FrameBuilder ip6() {
    return eth().type(kIpv6);
}

struct Case {
    std::string name;
    Frame frame;
    FlowKey key;
};

std::vector<Case> all_cases();

} // namespace lagg::frame
