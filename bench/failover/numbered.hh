// Frames that carry a number: those of the engine benchmarks, with the number behind their headers.
#pragma once

#include "bench/engine/frames.hh"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace lagg::bench {

/// A direction's frames: of each flow one, whose number is written anew for each sending.
class NumberedFrames {
  public:
    /// `direction` tells the frames of one sender from those of another.
    NumberedFrames(unsigned flows, uint8_t direction);
    /// Valid until the next call.
    std::span<const uint8_t> frame(unsigned flow, uint64_t number);
    unsigned flows() const { return static_cast<unsigned>(frames_.size()); }

  private:
    std::vector<Frame> frames_;
};

/// The number of a frame of ours in that direction; nothing for any other frame.
std::optional<uint64_t> number_of(std::span<const uint8_t> frame, uint8_t direction);

} // namespace lagg::bench
