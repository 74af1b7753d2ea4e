// Frames out of a pcap file. CAPTURED_FRAMES, which the build defines for who links this, names one
// that scripts/lab/capture_corpus.py made of traffic between two Linux network stacks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lagg::frame {

/// As far as they were captured, in order. None, and a word on stderr, where the file cannot be
/// read or is not one of Ethernet frames.
std::vector<std::vector<uint8_t>> read_capture(const std::string &path);

} // namespace lagg::frame
