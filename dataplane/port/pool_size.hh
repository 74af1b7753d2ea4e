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

/// Octets of a frame in a buffer for frames of our own: LACPDUs, Markers and announcements are all
/// shorter.
inline constexpr uint16_t kSlowBufferBytes = 256;

/// What a worker keeps of the packet pool at most, beside what is counted for each queue: held
/// frames, the cache of its core, a burst from the upper side. worker.cc holds it to what it does.
inline constexpr uint32_t kBuffersOfWorker = 2560;
/// Buffers of the other threads, and what lies about for a moment.
inline constexpr uint32_t kBuffersOfOthers = 512;
/// Buffers of one queue of a port, beside the rings of its device: a batch, and received
/// slow-protocol frames that wait for the protocol thread.
inline constexpr uint32_t kBuffersOfQueue = 192;
/// Frames that a receive queue for slow protocols alone can hold, on devices that can have one.
inline constexpr uint16_t kSlowQueueFrames = 128;
/// Frames of our own that are on their way to a worker and wait in it.
inline constexpr uint32_t kSlowBuffersOfWorker = 1088;

/// What devices and threads can keep of both pools at the same time.
struct PoolNeed {
    uint64_t data = kBuffersOfOthers;
    uint64_t slow = 64;

    constexpr void add_worker() {
        data += kBuffersOfWorker;
        slow += kSlowBuffersOfWorker;
    }
    /// A device that may have a receive queue for slow protocols.
    constexpr void add_slow_queue() { data += kSlowQueueFrames; }
    /// `received` and `to_send`: packets in the device's rings for one queue.
    constexpr void add_queue(uint32_t received, uint32_t to_send) {
        data += uint64_t{received} + to_send + kBuffersOfQueue;
        slow += to_send;
    }
};

/// Octets of memory that a pool of this many buffers takes.
constexpr uint64_t pool_bytes_needed(uint32_t buffers) {
    return uint64_t{buffers} * (kBufferBytes + kHeadroomBytes + kOverheadBytes);
}

/// Octets of memory that a pool of this many buffers for frames of our own takes.
constexpr uint64_t slow_pool_bytes_needed(uint32_t buffers) {
    return uint64_t{buffers} * (kSlowBufferBytes + kHeadroomBytes + kOverheadBytes / 2);
}

/// Octets of memory that the pool of net_af_xdp's ports takes; each buffer is a page of its own.
constexpr uint64_t xdp_pool_bytes_needed() {
    constexpr uint32_t page = 4096;
    return uint64_t{kXdpBuffers} * page;
}

} // namespace lagg::port
