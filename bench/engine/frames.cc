#include "bench/engine/frames.hh"

#include <algorithm>
#include <random>

namespace lagg::bench {

namespace {

constexpr size_t kAddresses = 26; // of the source in the frame, with that of the destination behind
constexpr size_t kPorts = 34;
constexpr size_t kIpHeader = 14;
constexpr size_t kIpChecksum = 24;

// Destination and source MAC, IPv4: 20 octets of header, 46 in all, UDP; a length of 26 for UDP.
constexpr std::array<uint8_t, 42> kHeaders{2,    0, 0, 0,  0, 1, 2, 0, 0,  0,  0, 2, 8, 0,
                                           0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0,
                                           0,    0, 0, 0,  0, 0, 0, 0, 0,  0,  0, 26};

void write_checksum(Frame &frame) {
    uint32_t sum = 0;
    for (size_t i = kIpHeader; i < kPorts; i += 2)
        sum += static_cast<uint32_t>(frame[i] << 8 | frame[i + 1]);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16));
    frame[kIpChecksum] = static_cast<uint8_t>(sum >> 8);
    frame[kIpChecksum + 1] = static_cast<uint8_t>(sum);
}

} // namespace

std::vector<Frame> make_frames(unsigned count) {
    std::mt19937 random(42);
    std::vector<Frame> frames(count);
    for (Frame &frame : frames) {
        std::ranges::copy(kHeaders, frame.begin());
        std::generate(frame.begin() + kAddresses, frame.begin() + kPorts + 4,
                      [&] { return static_cast<uint8_t>(random()); });
        frame[kAddresses] = frame[kAddresses + 4] = 10;
        write_checksum(frame);
    }
    return frames;
}

} // namespace lagg::bench
