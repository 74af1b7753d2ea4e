// Frames of every shape from a seed, for tests and fuzzers that compare two ways to read a frame.
#pragma once

#include "tests/dataplane/frame/random_shape.hh"

#include <cstdint>
#include <vector>

namespace lagg::frame {

/// The same seed gives the same frames on every machine. About half are plain TCP or UDP in IPv4 or
/// IPv6; the others have tags, options, fragments, extension headers, tunnels, or are not IP, and
/// about one in eight is cut off, damaged or nothing but noise. Lengths and checksums are lies.
class RandomFrames {
  public:
    explicit RandomFrames(uint64_t seed) : shape_(seed) {}

    /// 0 to about 600 octets, from the destination address on.
    std::vector<uint8_t> next();

  private:
    std::vector<uint8_t> whole();
    std::vector<uint8_t> damaged();
    std::vector<uint8_t> noise();

    RandomShape shape_;
};

} // namespace lagg::frame
