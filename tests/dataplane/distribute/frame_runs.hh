// Frames in runs of one shape, which is what the vector paths take four at a time: mixed frames
// alone would hardly ever give them a group.
#pragma once

#include "tests/dataplane/frame/random_frames.hh"

#include <cstdint>
#include <random>
#include <vector>

namespace lagg::distribute {

/// Shape of all frames of a run.
enum class Shape : uint8_t {
    IPV4,
    IPV6,
    TAGGED_IPV4,
    TAGGED_IPV6,
    TWO_TAGS, ///< and IPv4
    PORTLESS, ///< IPv4
    NOT_IP,
    MIXED
};
inline constexpr size_t kShapes = 8;

class FrameRuns {
  public:
    explicit FrameRuns(uint64_t seed) : mixed_(seed), random_(seed) {}

    struct Frame {
        std::vector<uint8_t> bytes;
        Shape shape = Shape::MIXED; ///< MIXED as well for what is nearly another shape
    };
    /// Runs have 4 to 32 frames. Every octet that is no part of the shape is random, and a frame
    /// may end right behind its ports; about one in 32 has one wrong bit where shapes are told.
    Frame next();
    /// 0 to `count` - 1.
    uint32_t below(uint32_t count) { return static_cast<uint32_t>(random_() % count); }
    uint32_t number() { return static_cast<uint32_t>(random_()); }

  private:
    enum class Protocols : uint8_t { TCP, UDP, EITHER, VXLAN };

    void begin_run();
    std::vector<uint8_t> noise(size_t octets);
    std::vector<uint8_t> plain(Shape shape, bool udp);
    std::vector<uint8_t> of_run();

    frame::RandomFrames mixed_;
    std::mt19937_64 random_;
    Shape shape_ = Shape::MIXED;
    Protocols protocols_ = Protocols::TCP;
    uint16_t type_ = 0; ///< of frames that are not IP
    uint32_t left_ = 0;
};

} // namespace lagg::distribute
