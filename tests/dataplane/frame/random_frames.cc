#include "tests/dataplane/frame/random_frames.hh"

namespace lagg::frame {

std::vector<uint8_t> RandomFrames::next() {
    const uint32_t kind = shape_.below(100);
    if (kind < 53) return shape_.plain();
    if (kind < 87) return shape_.odd();
    if (kind < 93) {
        std::vector<uint8_t> frame = whole();
        frame.resize(shape_.below(static_cast<uint32_t>(frame.size()) + 1));
        return frame;
    }
    return kind < 98 ? damaged() : noise();
}

std::vector<uint8_t> RandomFrames::whole() {
    return shape_.below(4) == 0 ? shape_.plain() : shape_.odd();
}

/// One to four bits are wrong, most often in the headers.
std::vector<uint8_t> RandomFrames::damaged() {
    std::vector<uint8_t> frame = whole();
    for (uint32_t left = 1 + shape_.below(4); left > 0; left--) {
        const auto size = static_cast<uint32_t>(frame.size());
        const uint32_t at = shape_.below(2) == 0 ? 12 + shape_.below(30) : shape_.below(size);
        if (at < size) frame[at] = static_cast<uint8_t>(frame[at] ^ 1u << shape_.below(8));
    }
    return frame;
}

/// Half of it behind an ethertype that leads somewhere.
std::vector<uint8_t> RandomFrames::noise() {
    std::vector<uint8_t> frame(shape_.below(200));
    for (uint8_t &octet : frame)
        octet = static_cast<uint8_t>(shape_.below(256));
    if (frame.size() >= 14 && shape_.below(2) == 0) {
        const uint16_t type = shape_.below(2) == 0 ? 0x0800 : 0x86dd;
        frame[12] = static_cast<uint8_t>(type >> 8);
        frame[13] = static_cast<uint8_t>(type);
    }
    return frame;
}

} // namespace lagg::frame
