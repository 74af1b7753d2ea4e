// Numbers out of a frame's octets. Each is one load and at most a swap; who calls has checked that
// the octets are there.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace lagg::frame {

using Bytes = std::span<const uint8_t>;

/// In network order at `at`, which need not be aligned.
inline uint16_t load16(const uint8_t *at) {
    uint16_t value;
    std::memcpy(&value, at, sizeof(value));
    return std::endian::native == std::endian::little ? __builtin_bswap16(value) : value;
}

inline uint32_t load32(const uint8_t *at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof(value));
    return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

/// What follows `count` octets: nothing, where the bytes end before.
inline Bytes behind(Bytes bytes, size_t count) {
    return count < bytes.size() ? bytes.subspan(count) : Bytes{};
}

} // namespace lagg::frame
