// Big-endian fields at given offsets of a frame, bounds-checked. The codecs name each offset as the
// standard's figures do, so no struct is laid over bytes whose alignment nobody promised.
#pragma once

#include "lacp/types.hh"

#include <algorithm>
#include <cassert>
#include <span>

namespace lagg::lacp {

inline uint8_t get8(std::span<const uint8_t> bytes, size_t at) {
    assert(at < bytes.size());
    return bytes[at];
}
inline uint16_t get16(std::span<const uint8_t> bytes, size_t at) {
    return static_cast<uint16_t>(get8(bytes, at) << 8 | get8(bytes, at + 1));
}
inline uint32_t get32(std::span<const uint8_t> bytes, size_t at) {
    return uint32_t{get16(bytes, at)} << 16 | get16(bytes, at + 2);
}
inline MacAddress get_address(std::span<const uint8_t> bytes, size_t at) {
    assert(at + 6 <= bytes.size());
    MacAddress address;
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), 6, address.begin());
    return address;
}

inline void put8(std::span<uint8_t> bytes, size_t at, unsigned value) {
    assert(at < bytes.size());
    assert(value <= 0xff);
    bytes[at] = static_cast<uint8_t>(value);
}
inline void put16(std::span<uint8_t> bytes, size_t at, uint16_t value) {
    put8(bytes, at, value >> 8U);
    put8(bytes, at + 1, value & 0xffU);
}
inline void put32(std::span<uint8_t> bytes, size_t at, uint32_t value) {
    put16(bytes, at, static_cast<uint16_t>(value >> 16));
    put16(bytes, at + 2, static_cast<uint16_t>(value & 0xffff));
}
inline void put_address(std::span<uint8_t> bytes, size_t at, const MacAddress &address) {
    assert(at + 6 <= bytes.size());
    std::copy(address.begin(), address.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace lagg::lacp
