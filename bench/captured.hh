// Packets that nobody made up: the frames of a capture, for the benchmarks of a mix.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lagg::bench {

struct Captured {
    std::vector<std::vector<uint8_t>> frames; ///< in their order, none longer than kRoomForCaptured
    unsigned flows = 0;                       ///< conversations, each direction for itself
};

/// Octets that are kept of a frame: more than the headers of any tunnel.
inline constexpr size_t kRoomForCaptured = 256;

/// The first kPackets frames of the file; of the tests' capture where `path` is empty.
/// Slow-protocol frames are left out, since laggd keeps those and frees them while the benchmark
/// goes on owning what it sends. Ends the program when there is no frame.
Captured read_captured(const std::string &path);

} // namespace lagg::bench
