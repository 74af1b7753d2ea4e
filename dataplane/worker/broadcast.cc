// The part of Distributor for laggs that send every frame to every member.
#include "dataplane/worker/distributor.hh"
#include "dataplane/worker/transmit.hh"

#include <rte_mbuf.h>
#include <rte_memcpy.h>

#include <bit>

namespace lagg::worker {

namespace {

/// The octets and what the driver is told about them; false where they are not in one piece, or
/// have no room.
bool fill_copy(rte_mbuf *copy, const rte_mbuf *frame) {
    if (frame->nb_segs != 1 || frame->data_len > rte_pktmbuf_tailroom(copy)) [[unlikely]]
        return false;
    copy->ol_flags = frame->ol_flags & ~(RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL);
    copy->packet_type = frame->packet_type;
    copy->vlan_tci = frame->vlan_tci;
    copy->vlan_tci_outer = frame->vlan_tci_outer;
    copy->tx_offload = frame->tx_offload;
    copy->pkt_len = copy->data_len = frame->data_len;
    rte_memcpy(rte_pktmbuf_mtod(copy, void *), rte_pktmbuf_mtod(frame, const void *),
               frame->data_len);
    return true;
}

/// Copies of some frames, in order; how many there was a buffer for.
uint16_t copy_frames(rte_mempool *pool, rte_mbuf *const *frames, uint16_t count,
                     rte_mbuf **copies) {
    const bool have_all = rte_pktmbuf_alloc_bulk(pool, copies, count) == 0;
    uint16_t copied = 0;
    for (uint16_t i = 0; i < count; ++i) {
        if (have_all && fill_copy(copies[i], frames[i])) [[likely]] {
            copies[copied++] = copies[i];
            continue;
        }
        if (have_all) rte_pktmbuf_free(copies[i]);
        copies[copied] = rte_pktmbuf_copy(frames[i], pool, 0, UINT32_MAX);
        if (copies[copied] != nullptr) ++copied;
    }
    return copied;
}

} // namespace

// Copies, not references: some drivers write into the frames they send, and a ring hands the very
// buffer to whoever is at its other end. The last member gets the frames themselves.
void Distributor::send_to_all(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                              uint16_t count) {
    count = without_slow_frames(lagg, frames, count);
    if (count == 0) return;
    if (lagg.distributing == 0) return drop(lagg, frames, count);
    const uint64_t bytes = octets(frames, count);
    uint32_t others = lagg.distributing;
    for (; (others & (others - 1)) != 0; others &= others - 1) {
        const port::DeviceId device =
            lagg.members[static_cast<size_t>(std::countr_zero(others))].device;
        rte_mbuf *copies[distribute::kMostPackets];
        const uint16_t copied = copy_frames(pool_, frames, count, copies);
        const bool all = copied == count;
        if (!all) counters_[device].tx_full.add(static_cast<uint64_t>(count - copied));
        send(device, queue, copies, copied, all ? bytes : octets(copies, copied));
    }
    send(lagg.members[static_cast<size_t>(std::countr_zero(others))].device, queue, frames, count,
         bytes);
}

} // namespace lagg::worker
