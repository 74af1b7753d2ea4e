#include "dataplane/worker/worker.hh"

#include "dataplane/port/pool_size.hh"
#include "dataplane/worker/transmit.hh"

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_rcu_qsbr.h>
#include <rte_ring.h>

#include <algorithm>
#include <bitset>
#include <cassert>
#include <cstdio>
#include <ctime>
#include <sys/prctl.h>
#include <unistd.h>

namespace lagg::worker {

static_assert(RTE_MAX_ETHPORTS <= kMaxDevices, "every device has its counters");

namespace {

/// More slow-protocol frames than 32 ports send in a second by the standard's limit.
constexpr unsigned kSlowRingFrames = 512;
constexpr unsigned kReceivedRingFrames = kSlowShare * kMaxDevices;
/// Empty rounds before an idle worker sleeps, and the bounds of its naps.
constexpr unsigned kIdleRounds = 256;
constexpr long kShortestNapNs = 10'000;
constexpr long kLongestNapNs = 200'000;
/// How long a frame may wait for others to go with.
constexpr uint64_t kLongestWaitUs = 20;

/// Buffers that a worker keeps; a core's cache of the packet pool holds 384.
static_assert(kHoldFrames + 384 + 2 * kBurst <= port::kBuffersOfWorker);
static_assert(kSlowShare + distribute::Batches::kRoom <= port::kBuffersOfQueue);
static_assert(kSlowRingFrames + 64 + kMostAnnouncements * kMaxDevices <=
              port::kSlowBuffersOfWorker);

rte_ring *make_ring(const char *kind, unsigned index, unsigned frames) {
    char name[RTE_RING_NAMESIZE];
    std::snprintf(name, sizeof name, "%s_%u", kind, index);
    rte_ring *ring = rte_ring_create(name, frames, SOCKET_ID_ANY,
                                     RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    assert(ring != nullptr);
    return ring;
}

void drain(rte_ring *ring) {
    void *frame = nullptr;
    while (rte_ring_dequeue(ring, &frame) == 0)
        rte_pktmbuf_free(static_cast<rte_mbuf *>(frame));
    rte_ring_free(ring);
}

std::span<const uint8_t> bytes_of(const rte_mbuf *frame) {
    return {rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len};
}

/// What one look at each frame of a burst tells.
struct Seen {
    uint64_t octets;
    bool any_of_link; ///< the type of one is that of slow protocols or of MAC control
};

/// The two types differ in their last bit, so that one comparison finds both.
bool has_type_of_link(const uint8_t *data) {
    const uint16_t type =
        *reinterpret_cast<const unaligned_uint16_t *>(data + 2 * RTE_ETHER_ADDR_LEN);
    return (type | RTE_BE16(1)) == RTE_BE16(RTE_ETHER_TYPE_SLOW);
}

// Where four frames begin is found first, so that their octets are fetched together: that is as
// good as to prefetch them where they come from memory, and costs nothing where they lie in the
// nearest cache. A frame too short to have a type is in a buffer that can be read all the same.
Seen look_at(rte_mbuf *const *frames, uint16_t count) {
    constexpr uint16_t kGroup = 4;
    uint32_t octets = 0;
    bool any_of_link = false;
    uint16_t i = 0;
    for (; i + kGroup <= count; i = static_cast<uint16_t>(i + kGroup)) {
        const uint8_t *data[kGroup];
#pragma GCC unroll 4
        for (uint16_t k = 0; k < kGroup; ++k)
            data[k] = rte_pktmbuf_mtod(frames[i + k], const uint8_t *);
#pragma GCC unroll 4
        for (uint16_t k = 0; k < kGroup; ++k) {
            octets += frames[i + k]->pkt_len;
            any_of_link |= has_type_of_link(data[k]);
        }
    }
    for (; i < count; ++i) {
        octets += frames[i]->pkt_len;
        any_of_link |= has_type_of_link(rte_pktmbuf_mtod(frames[i], const uint8_t *));
    }
    return {octets, any_of_link};
}

void nap(long nanoseconds) {
    const timespec duration{.tv_sec = 0, .tv_nsec = nanoseconds};
    nanosleep(&duration, nullptr);
}

} // namespace

// An announcement is data, and nobody counts it as sent.
void count_unsent(UnsentCounters &unsent, std::span<const uint8_t> frame) {
    constexpr size_t kSubtype = 14;
    constexpr size_t kMarkerType = 16;
    constexpr uint8_t kLacp = 1;
    constexpr uint8_t kResponse = 2;
    if (!frame::is_slow_protocol(frame) || frame.size() <= kMarkerType) return;
    if (frame[kSubtype] == kLacp)
        unsent.lacpdus.add(1);
    else if (frame[kMarkerType] == kResponse)
        unsent.marker_responses.add(1);
    else
        unsent.markers.add(1);
}

Worker::Worker(Shared &shared, unsigned index)
    : shared_(shared), index_(index),
      slow_received_(make_ring("slow_received", index, kReceivedRingFrames)),
      slow_to_send_(make_ring("slow_to_send", index, kSlowRingFrames)),
      announcements_(make_ring("announcements", index, kMostAnnouncements * kMaxDevices)),
      distributor_(counters_, shared.pool),
      longest_wait_(rte_get_tsc_hz() * kLongestWaitUs / 1'000'000) {}

Worker::~Worker() {
    for (size_t i = 0; i < unsent_count_; ++i)
        rte_pktmbuf_free(unsent_[i]);
    for (size_t i = 0; i < unannounced_count_; ++i)
        rte_pktmbuf_free(unannounced_[i]);
    drain(slow_received_);
    drain(slow_to_send_);
    drain(announcements_);
}

void Worker::run() {
    prctl(PR_SET_TIMERSLACK, 1000UL);
    rte_rcu_qsbr_thread_register(shared_.rcu, index_);
    rte_rcu_qsbr_thread_online(shared_.rcu, index_);
    unsigned idle_rounds = 0;
    long nap_ns = kShortestNapNs;
    while (!shared_.stop.load(std::memory_order_relaxed)) {
        take_slow_frames();
        const ForwardingState *state = shared_.state.load(std::memory_order_acquire);
        if (shared_.flush_wanted.load(std::memory_order_acquire) !=
            flushed_.done.load(std::memory_order_relaxed)) [[unlikely]]
            flush(state);
        const bool busy = state != nullptr && round(*state);
        // A batch that waits is sent to devices of the state it was gathered under, so that this
        // worker has not let go of that state before.
        if (!distributor_.is_waiting()) rte_rcu_qsbr_quiescent(shared_.rcu, index_);
        loops_.loops.add(1);
        if (busy) {
            loops_.busy_loops.add(1);
            idle_rounds = 0;
            nap_ns = kShortestNapNs;
        } else if (shared_.may_sleep && ++idle_rounds > kIdleRounds) {
            nap(nap_ns);
            nap_ns = std::min(2 * nap_ns, kLongestNapNs);
        }
    }
    // What was taken from a client is not lost for having to wait for company.
    distributor_.flush();
    rte_rcu_qsbr_thread_offline(shared_.rcu, index_);
    rte_rcu_qsbr_thread_unregister(shared_.rcu, index_);
}

bool Worker::round(const ForwardingState &state) {
    if (state.generation != generation_) [[unlikely]] {
        distributor_.obey(state, index_);
        generation_ = state.generation;
    }
    send_slow_frames(state);
    send_announcements(state);
    uint32_t moved = 0;
    for (const LaggForwarding &lagg : state.laggs) {
        const uint16_t queue = lagg.queue_of_worker[index_];
        if (queue == kNoQueue) continue;
        for (uint8_t m = 0; m < lagg.member_count; ++m) {
            const Member &member = lagg.members[m];
            if (member.device == port::kNoDevice) continue;
            for (uint16_t q = queue; q < member.queues; q = static_cast<uint16_t>(q + lagg.share))
                moved += collect(lagg, member, q, queue);
        }
        if (lagg.upper.id == port::kNoDevice) continue;
        for (uint16_t q = queue; q < lagg.upper.receive_queues;
             q = static_cast<uint16_t>(q + lagg.share))
            moved += distribute(lagg, q, queue);
    }
    if (distributor_.is_waiting())
        send_late_batches(moved != 0);
    else
        waiting_since_ = 0;
    return moved != 0;
}

// Batches grow while frames keep coming, and wait no longer than a bound that the clock knows,
// which is asked once a round.
void Worker::send_late_batches(bool busy) {
    const uint64_t now = rte_rdtsc();
    if (waiting_since_ == 0) waiting_since_ = now;
    if (busy && now - waiting_since_ < longest_wait_) return;
    distributor_.flush();
    waiting_since_ = 0;
}

// A Marker must not be answered before what was received ahead of it is delivered. This worker has
// delivered what lay before the Marker in the same queue; here the other queues are emptied, each
// of at most as many frames as it could hold when the Marker came.
void Worker::flush(const ForwardingState *state) {
    const uint64_t done = flushed_.done.load(std::memory_order_relaxed);
    const uint64_t wanted = shared_.flush_wanted.load(std::memory_order_acquire);
    for (size_t l = 0; state != nullptr && l < state->laggs.size(); ++l) {
        const LaggForwarding &lagg = state->laggs[l];
        const uint16_t own_queue = lagg.queue_of_worker[index_];
        for (uint8_t m = 0; own_queue != kNoQueue && m < lagg.member_count; ++m) {
            const Member &member = lagg.members[m];
            if (member.device == port::kNoDevice) continue;
            if (shared_.flush_of_device[member.device].load(std::memory_order_relaxed) > done)
                empty_queues(lagg, member, own_queue);
        }
    }
    flushed_.done.store(wanted, std::memory_order_release);
}

void Worker::empty_queues(const LaggForwarding &lagg, const Member &member, uint16_t own_queue) {
    for (uint16_t q = own_queue; q < member.queues; q = static_cast<uint16_t>(q + lagg.share)) {
        uint32_t taken = 0;
        uint16_t burst = kBurst;
        while (burst == kBurst && taken <= member.rx_descriptors) {
            burst = collect(lagg, member, q, own_queue);
            taken += burst;
        }
    }
}

// Before the state is read, never after: a frame is queued when the state that knows its port is
// already published, so a worker that finds the frame finds that state as well, or a newer one.
void Worker::take_slow_frames() {
    unsent_count_ +=
        rte_ring_dequeue_burst(slow_to_send_, reinterpret_cast<void **>(&unsent_[unsent_count_]),
                               static_cast<unsigned>(unsent_.size() - unsent_count_), nullptr);
    unannounced_count_ += rte_ring_dequeue_burst(
        announcements_, reinterpret_cast<void **>(&unannounced_[unannounced_count_]),
        static_cast<unsigned>(unannounced_.size() - unannounced_count_), nullptr);
}

/// The port may have left its lagg between the frame's making and now.
bool Worker::sends(const ForwardingState &state, const rte_mbuf *frame) const {
    const port::DeviceId device = frame->port;
    assert(device < kMaxDevices);
    const auto queue = static_cast<uint16_t>(frame->hash.usr);
    return queue < state.slow_queues[device] &&
           (state.slow_worker[device] + queue) % state.workers == index_;
}

void Worker::drop_unsent(rte_mbuf *frame) {
    DeviceCounters &counters = counters_[frame->port];
    counters.slow_dropped.add(1);
    count_unsent(counters.unsent, bytes_of(frame));
    rte_pktmbuf_free(frame);
}

// LACPDUs leave before data, also when the device is saturated: what it had no room for waits here
// and is first in the next round.
// A Marker among them says that what was distributed before is sent, so that goes first.
void Worker::send_slow_frames(const ForwardingState &state) {
    if (unsent_count_ == 0) return;
    distributor_.flush();
    size_t kept = 0;
    std::bitset<kMaxDevices> refusing;
    for (size_t i = 0; i < unsent_count_; ++i) {
        rte_mbuf *frame = unsent_[i];
        const port::DeviceId device = frame->port;
        // A device that takes nothing keeps its oldest frame waiting and no more, so that it can
        // never fill the room that the other ports' frames need.
        if (!sends(state, frame) || refusing[device]) {
            drop_unsent(frame);
        } else if (rte_eth_tx_burst(device, static_cast<uint16_t>(frame->hash.usr), &frame, 1) ==
                   1) {
            counters_[device].slow_tx.add(1);
        } else {
            refusing.set(device);
            unsent_[kept++] = frame;
        }
    }
    unsent_count_ = kept;
}

// Each of them says something of its own, so none is dropped for others. There is room for as many
// as may be on their way to all devices.
void Worker::send_announcements(const ForwardingState &state) {
    size_t kept = 0;
    std::bitset<kMaxDevices> refusing;
    for (size_t i = 0; i < unannounced_count_; ++i) {
        rte_mbuf *frame = unannounced_[i];
        const port::DeviceId device = frame->port;
        if (!sends(state, frame)) {
            drop_unsent(frame);
            counters_[device].announcements.add(1);
        } else if (!refusing[device] && rte_eth_tx_burst(device, 0, &frame, 1) == 1) {
            counters_[device].slow_tx.add(1);
            counters_[device].announcements.add(1);
        } else {
            refusing.set(device);
            unannounced_[kept++] = frame;
        }
    }
    unannounced_count_ = kept;
}

void Worker::pass_up(rte_mbuf *frame) {
    const port::DeviceId device = frame->port;
    counters_[device].slow_rx.add(1);
    const uint64_t waiting = passed_up_[device].value() - taken_up_[device].value();
    if (waiting < kSlowShare && rte_ring_enqueue(slow_received_, frame) == 0) {
        passed_up_[device].add(1);
        return tell_of_slow_frame();
    }
    counters_[device].slow_rx_full.add(1);
    rte_pktmbuf_free(frame);
}

// The others are nobody's here: OAM and ESMC speak for the link below the lagg, and PAUSE to the
// MAC, which does not hand it on where it obeys it (IEEE 802.3 clauses 57 and 31, 802.1AX 6.1.1).
void Worker::take_link_frame(frame::LinkFrame kind, rte_mbuf *frame) {
    DeviceCounters &counters = counters_[frame->port];
    switch (kind) {
    case frame::LinkFrame::NONE:
    case frame::LinkFrame::SLOW: return pass_up(frame);
    case frame::LinkFrame::OAM: counters.oam_rx.add(1); break;
    case frame::LinkFrame::ESMC: counters.esmc_rx.add(1); break;
    case frame::LinkFrame::MAC_CONTROL: counters.mac_control_rx.add(1); break;
    }
    if (kind != frame::LinkFrame::MAC_CONTROL) counters.slow_rx.add(1);
    rte_pktmbuf_free(frame);
}

/// The protocol thread sleeps until it is told.
void Worker::tell_of_slow_frame() {
    if (shared_.slow_told.exchange(true, std::memory_order_acq_rel)) return;
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(shared_.slow_event, &one, sizeof one);
}

uint64_t Worker::count_received(EndpointId endpoint, rte_mbuf **frames, uint16_t *lengths,
                                uint16_t count) {
    uint64_t bytes = 0;
    for (uint16_t i = 0; i < count; ++i) {
        rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
        bytes += frames[i]->pkt_len;
        lengths[i] = static_cast<uint16_t>(frames[i]->pkt_len);
    }
    DeviceCounters &counters = counters_[endpoint];
    counters.rx_packets.add(count);
    counters.rx_bytes.add(bytes);
    return bytes;
}

uint16_t Worker::take_out_link_frames(port::DeviceId device, rte_mbuf **frames, uint16_t count) {
    uint16_t kept = 0;
    for (uint16_t i = 0; i < count; ++i) {
        const frame::LinkFrame kind = frame::link_frame(bytes_of(frames[i]));
        if (kind == frame::LinkFrame::NONE) {
            frames[kept++] = frames[i];
            continue;
        }
        frames[i]->port = device;
        take_link_frame(kind, frames[i]);
    }
    return kept;
}

// A partner whose LACPDUs have a VLAN tag is never heard, so that its port does not collect: here,
// where time is plenty, the protocol thread gets to see them, and can say what is wrong.
void Worker::drop_uncollected(port::DeviceId device, rte_mbuf **frames, uint16_t count) {
    uint16_t dropped = 0;
    for (uint16_t i = 0; i < count; ++i) {
        if (!frame::is_tagged_slow_protocol(bytes_of(frames[i]))) {
            frames[dropped++] = frames[i];
            continue;
        }
        frames[i]->port = device;
        pass_up(frames[i]);
    }
    counters_[device].rx_not_collecting.add(dropped);
    rte_pktmbuf_free_bulk(frames, dropped);
}

uint16_t Worker::collect(const LaggForwarding &lagg, const Member &member, uint16_t queue,
                         uint16_t own_queue) {
    rte_mbuf *received[kBurst];
    const uint16_t count = rte_eth_rx_burst(member.device, queue, received, kBurst);
    if (count == 0) return 0;
    const Seen seen = look_at(received, count);
    DeviceCounters &counters = counters_[member.device];
    counters.rx_packets.add(count);
    counters.rx_bytes.add(seen.octets);
    uint64_t bytes = seen.octets;
    uint16_t data_count = count;
    if (seen.any_of_link) [[unlikely]] {
        data_count = take_out_link_frames(member.device, received, count);
        if (data_count == 0) return count;
        bytes = octets(received, data_count);
    }
    if (!member.collecting || lagg.upper.id == port::kNoDevice) {
        drop_uncollected(member.device, received, data_count);
        return count;
    }
    transmit(counters_[lagg.upper.id], received, data_count, bytes,
             [&](rte_mbuf **frames, uint16_t n) {
                 return lagg.upper.send(lagg.upper, own_queue, frames, n);
             });
    return count;
}

uint16_t Worker::distribute(const LaggForwarding &lagg, uint16_t queue, uint16_t own_queue) {
    if (!distributor_.has_room(lagg)) [[unlikely]]
        return 0;
    rte_mbuf *frames[kBurst];
    const uint16_t count = lagg.upper.receive(lagg.upper, queue, frames, kBurst);
    if (count == 0) return 0;
    uint16_t lengths[kBurst];
    const uint64_t bytes = count_received(lagg.upper.id, frames, lengths, count);
    distributor_.distribute(lagg, own_queue, {frames, lengths, count, bytes}, count < kBurst);
    return count;
}

} // namespace lagg::worker
