// A burst to a device that may not take all of it.
#pragma once

#include "dataplane/worker/counters.hh"

#include <rte_mbuf.h>

#include <cstdint>

namespace lagg::worker {

/// The sum of the frames' lengths; at most 65536 frames.
inline uint64_t octets(rte_mbuf *const *frames, uint16_t count) {
    uint32_t even = 0;
    uint32_t odd = 0;
    uint16_t i = 0;
    for (; i + 4 <= count; i = static_cast<uint16_t>(i + 4)) {
        even += frames[i]->pkt_len + frames[i + 2]->pkt_len;
        odd += frames[i + 1]->pkt_len + frames[i + 3]->pkt_len;
    }
    for (; i < count; ++i)
        even += frames[i]->pkt_len;
    return uint64_t{even} + odd;
}

/// What is left to do when the device stopped after `sent`: it is full, or does not want that one
/// frame. The frame is dropped and the rest offered once more, so that one bad frame does not cost
/// those behind it; what is refused then is dropped too. Order is kept. Corrects `bytes`, counts
/// what was dropped, returns how many were sent in all.
template <typename Send>
[[gnu::cold, gnu::noinline]] uint16_t send_rest(DeviceCounters &counters, rte_mbuf **frames,
                                                uint16_t count, uint16_t sent, uint64_t &bytes,
                                                Send send) {
    uint16_t refused = 0;
    const auto refuse = [&](rte_mbuf **some, uint16_t n) {
        bytes -= octets(some, n);
        rte_pktmbuf_free_bulk(some, n);
        refused = static_cast<uint16_t>(refused + n);
    };
    rte_mbuf **rest = frames + sent + 1;
    const auto rest_count = static_cast<uint16_t>(count - sent - 1);
    refuse(frames + sent, 1);
    const uint16_t more = rest_count == 0 ? uint16_t{0} : send(rest, rest_count);
    if (more != rest_count) refuse(rest + more, static_cast<uint16_t>(rest_count - more));
    counters.tx_full.add(refused);
    return static_cast<uint16_t>(sent + more);
}

/// Sends, counts, and drops what is refused. `bytes` are those of all the frames, since a device
/// that took them owns them.
template <typename Send>
void transmit(DeviceCounters &counters, rte_mbuf **frames, uint16_t count, uint64_t bytes,
              Send send) {
    uint16_t sent = send(frames, count);
    if (sent != count) [[unlikely]]
        sent = send_rest(counters, frames, count, sent, bytes, send);
    counters.tx_packets.add(sent);
    counters.tx_bytes.add(bytes);
}

} // namespace lagg::worker
