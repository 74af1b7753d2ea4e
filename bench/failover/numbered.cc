#include "bench/failover/numbered.hh"

#include <algorithm>
#include <cstring>

namespace lagg::bench {

namespace {

// Offset of the mark, behind Ethernet, IPv4 and UDP.
constexpr size_t kMark = 42;
constexpr size_t kDirection = kMark + 4;
constexpr size_t kNumber = kDirection + 1;
constexpr std::array<uint8_t, 4> kMarkOctets{0x4c, 0x6e, 0xfa, 0x11};

} // namespace

NumberedFrames::NumberedFrames(unsigned flows, uint8_t direction) : frames_(make_frames(flows)) {
    for (Frame &frame : frames_) {
        std::ranges::copy(kMarkOctets, frame.begin() + kMark);
        frame[kDirection] = direction;
    }
}

std::span<const uint8_t> NumberedFrames::frame(unsigned flow, uint64_t number) {
    Frame &frame = frames_[flow];
    std::memcpy(frame.data() + kNumber, &number, sizeof number);
    return frame;
}

std::optional<uint64_t> number_of(std::span<const uint8_t> frame, uint8_t direction) {
    if (frame.size() < kNumber + sizeof(uint64_t) || frame[kDirection] != direction ||
        !std::equal(kMarkOctets.begin(), kMarkOctets.end(), frame.begin() + kMark))
        return {};
    uint64_t number = 0;
    std::memcpy(&number, frame.data() + kNumber, sizeof number);
    return number;
}

} // namespace lagg::bench
