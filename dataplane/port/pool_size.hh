// Memory that packet buffers take, as plain arithmetic: whoever prepares a machine asks for it
// without DPDK.
#pragma once

#include <cstdint>

namespace lagg::port {

/// Octets of a frame that one buffer holds. Every frame of the largest MTU (9216, with its Ethernet
/// header and two tags) fits in a single buffer.
inline constexpr uint16_t kBufferBytes = 10240;

/// Octets of a frame in a buffer of net_af_xdp, whose buffers must not be larger than a page.
inline constexpr uint16_t kXdpBufferBytes = 3456;
inline constexpr uint32_t kXdpBuffers = 16384;

/// Octets that each buffer costs beside its data: headroom, private header, alignment.
inline constexpr uint32_t kHeadroomBytes = 128;
inline constexpr uint32_t kOverheadBytes = 512;

/// Octets of memory that a pool of this many buffers takes.
constexpr uint64_t pool_bytes_needed(uint32_t buffers) {
    return uint64_t{buffers} * (kBufferBytes + kHeadroomBytes + kOverheadBytes);
}

/// Octets of memory that the pool of net_af_xdp's ports takes; each buffer is a page of its own.
constexpr uint64_t xdp_pool_bytes_needed() {
    constexpr uint32_t page = 4096;
    return uint64_t{kXdpBuffers} * page;
}

} // namespace lagg::port
