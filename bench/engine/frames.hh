// The frames of the engine benchmarks: the smallest of Ethernet, IPv4 and UDP, of as many flows as
// there are frames, the same ones in every run and for every engine.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace lagg::bench {

/// 64 octets on the wire; the last four, the checksum of the frame, are the device's.
inline constexpr uint16_t kFrameBytes = 60;
using Frame = std::array<uint8_t, kFrameBytes>;

/// Frames of `count` flows, which differ in both addresses and both ports.
std::vector<Frame> make_frames(unsigned count);

} // namespace lagg::bench
