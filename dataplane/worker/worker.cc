#include "dataplane/worker/worker.hh"

#include "dataplane/frame/flow_key.hh"

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
#include <utility>

namespace lagg::worker {

static_assert(RTE_MAX_ETHPORTS <= kMaxDevices, "every device has its counters");

namespace {

/// More slow-protocol frames than 32 ports send in a second by the standard's limit.
constexpr unsigned kSlowRingFrames = 512;
/// Empty rounds before an idle worker sleeps, and the bounds of its naps.
constexpr unsigned kIdleRounds = 256;
constexpr long kShortestNapNs = 10'000;
constexpr long kLongestNapNs = 200'000;

rte_ring *make_ring(const char *kind, unsigned index) {
    char name[RTE_RING_NAMESIZE];
    std::snprintf(name, sizeof name, "%s_%u", kind, index);
    rte_ring *ring =
        rte_ring_create(name, kSlowRingFrames, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
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

uint64_t octets(rte_mbuf *const *frames, uint16_t count) {
    uint64_t sum = 0;
    for (uint16_t i = 0; i < count; ++i)
        sum += frames[i]->pkt_len;
    return sum;
}

void nap(long nanoseconds) {
    const timespec duration{.tv_sec = 0, .tv_nsec = nanoseconds};
    nanosleep(&duration, nullptr);
}

} // namespace

Worker::Worker(Shared &shared, unsigned index)
    : shared_(shared), index_(index), slow_received_(make_ring("slow_received", index)),
      slow_to_send_(make_ring("slow_to_send", index)) {}

Worker::~Worker() {
    for (size_t i = 0; i < unsent_count_; ++i)
        rte_pktmbuf_free(unsent_[i]);
    for (size_t i = 0; i < held_count_; ++i)
        rte_pktmbuf_free(held_[i]);
    drain(slow_received_);
    drain(slow_to_send_);
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
        rte_rcu_qsbr_quiescent(shared_.rcu, index_);
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
    rte_rcu_qsbr_thread_offline(shared_.rcu, index_);
    rte_rcu_qsbr_thread_unregister(shared_.rcu, index_);
}

bool Worker::round(const ForwardingState &state) {
    if (state.generation != generation_) [[unlikely]]
        release_held(state);
    send_slow_frames(state);
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
        if (lagg.upper == port::kNoDevice) continue;
        for (uint16_t q = queue; q < lagg.upper_queues; q = static_cast<uint16_t>(q + lagg.share))
            moved += distribute(lagg, q, queue);
    }
    return moved != 0;
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

void Worker::hold(const LaggForwarding &lagg, rte_mbuf *frame) {
    assert(held_count_ < kHoldFrames);
    frame->port = lagg.slot;
    held_[held_count_++] = frame;
}

void Worker::drop_held(rte_mbuf *frame) {
    counters_[tap_endpoint(static_cast<uint8_t>(frame->port))].tx_no_member.add(1);
    rte_pktmbuf_free(frame);
}

// The held frames go out as the new state says, in their order and ahead of what comes after them.
// Those whose bucket is still held join the queue again.
void Worker::release_held(const ForwardingState &state) {
    generation_ = state.generation;
    const size_t count = std::exchange(held_count_, 0);
    size_t next = 0;
    while (next < count) {
        const uint16_t slot = held_[next]->port;
        const auto lagg = std::ranges::find(state.laggs, slot, &LaggForwarding::slot);
        const bool served = lagg != state.laggs.end() && lagg->queue_of_worker[index_] != kNoQueue;
        rte_mbuf *burst[kBurst];
        uint16_t taken = 0;
        while (next < count && taken < kBurst && held_[next]->port == slot)
            burst[taken++] = held_[next++];
        if (served)
            scatter(*lagg, lagg->queue_of_worker[index_], burst, taken);
        else
            for (uint16_t i = 0; i < taken; ++i)
                drop_held(burst[i]);
    }
}

// Before the state is read, never after: a frame is queued when the state that knows its port is
// already published, so a worker that finds the frame finds that state as well, or a newer one.
void Worker::take_slow_frames() {
    unsent_count_ +=
        rte_ring_dequeue_burst(slow_to_send_, reinterpret_cast<void **>(&unsent_[unsent_count_]),
                               static_cast<unsigned>(unsent_.size() - unsent_count_), nullptr);
}

// LACPDUs leave before data, also when the device is saturated: what it had no room for waits here
// and is first in the next round.
void Worker::send_slow_frames(const ForwardingState &state) {
    size_t kept = 0;
    std::bitset<kMaxDevices> refusing;
    for (size_t i = 0; i < unsent_count_; ++i) {
        rte_mbuf *frame = unsent_[i];
        const port::DeviceId device = frame->port;
        assert(device < kMaxDevices);
        // The port may have left its lagg between the frame's making and now.
        // A device that takes nothing keeps its oldest frame waiting and no more, so that it can
        // never fill the room that the other ports' frames need.
        const auto queue = static_cast<uint16_t>(frame->hash.usr);
        const bool is_ours = queue < state.slow_queues[device] &&
                             (state.slow_worker[device] + queue) % state.workers == index_;
        if (!is_ours || refusing[device]) {
            counters_[device].slow_dropped.add(1);
            rte_pktmbuf_free(frame);
        } else if (rte_eth_tx_burst(device, queue, &frame, 1) == 1) {
            counters_[device].slow_tx.add(1);
        } else {
            refusing.set(device);
            unsent_[kept++] = frame;
        }
    }
    unsent_count_ = kept;
}

void Worker::pass_up(rte_mbuf *frame) {
    DeviceCounters &counters = counters_[frame->port];
    counters.slow_rx.add(1);
    if (rte_ring_enqueue(slow_received_, frame) == 0) return;
    counters.slow_dropped.add(1);
    rte_pktmbuf_free(frame);
}

// A device that stops in the middle of a burst is full, or does not want that one frame: the frame
// is dropped and the rest offered once more, so that one bad frame does not cost those behind it.
template <typename Send>
void Worker::transmit(EndpointId endpoint, rte_mbuf **frames, uint16_t count, Send send) {
    DeviceCounters &counters = counters_[endpoint];
    uint64_t bytes = octets(frames, count); // before the device owns them
    uint16_t sent = send(frames, count);
    uint16_t refused = 0;
    if (sent != count) [[unlikely]] {
        const auto refuse = [&](rte_mbuf **some, uint16_t n) {
            bytes -= octets(some, n);
            rte_pktmbuf_free_bulk(some, n);
            refused = static_cast<uint16_t>(refused + n);
        };
        rte_mbuf **rest = frames + sent + 1;
        const auto rest_count = static_cast<uint16_t>(count - sent - 1);
        refuse(frames + sent, 1);
        const uint16_t more = rest_count == 0 ? uint16_t{0} : send(rest, rest_count);
        sent = static_cast<uint16_t>(sent + more);
        if (more != rest_count) refuse(rest + more, static_cast<uint16_t>(rest_count - more));
        counters.tx_full.add(refused);
    }
    counters.tx_packets.add(sent);
    counters.tx_bytes.add(bytes);
}

void Worker::send_to_member(port::DeviceId device, uint16_t queue, rte_mbuf **frames,
                            uint16_t count) {
    transmit(device, frames, count,
             [&](rte_mbuf **some, uint16_t n) { return rte_eth_tx_burst(device, queue, some, n); });
}

void Worker::count_received(EndpointId endpoint, rte_mbuf **frames, uint16_t count) {
    for (uint16_t i = 0; i < count; ++i)
        rte_prefetch0(rte_pktmbuf_mtod(frames[i], void *));
    DeviceCounters &counters = counters_[endpoint];
    counters.rx_packets.add(count);
    counters.rx_bytes.add(octets(frames, count));
}

uint16_t Worker::collect(const LaggForwarding &lagg, const Member &member, uint16_t queue,
                         uint16_t own_queue) {
    rte_mbuf *received[kBurst];
    const uint16_t count = rte_eth_rx_burst(member.device, queue, received, kBurst);
    if (count == 0) return 0;
    count_received(member.device, received, count);
    uint16_t data_count = 0;
    for (uint16_t i = 0; i < count; ++i) {
        rte_mbuf *frame = received[i];
        if (frame::is_slow_protocol(bytes_of(frame))) {
            frame->port = member.device;
            pass_up(frame);
        } else {
            received[data_count++] = frame;
        }
    }
    if (data_count == 0) return count;
    if (!member.collecting || lagg.upper == port::kNoDevice) {
        counters_[member.device].rx_not_collecting.add(data_count);
        rte_pktmbuf_free_bulk(received, data_count);
        return count;
    }
    transmit(lagg.upper, received, data_count, [&](rte_mbuf **frames, uint16_t n) {
        return lagg.send_to_upper(lagg, own_queue, frames, n);
    });
    return count;
}

uint16_t Worker::distribute(const LaggForwarding &lagg, uint16_t queue, uint16_t own_queue) {
    if (lagg.holding && held_count_ + kBurst > kHoldFrames) [[unlikely]]
        return 0;
    rte_mbuf *frames[kBurst];
    const uint16_t count = lagg.receive_from_upper(lagg, queue, frames, kBurst);
    if (count == 0) return 0;
    count_received(lagg.upper, frames, count);
    // Slow-protocol frames never leave their link. One that a client sends would meet the partner
    // as a second system on ours.
    uint16_t data_count = 0;
    for (uint16_t i = 0; i < count; ++i) {
        if (frame::is_slow_protocol(bytes_of(frames[i]))) [[unlikely]] {
            counters_[lagg.upper].slow_dropped.add(1);
            rte_pktmbuf_free(frames[i]);
        } else {
            frames[data_count++] = frames[i];
        }
    }
    if (lagg.broadcast)
        send_to_all(lagg, own_queue, frames, data_count);
    else
        scatter(lagg, own_queue, frames, data_count);
    return count;
}

void Worker::scatter(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                     uint16_t count) {
    distribute::FrameView views[kBurst];
    uint8_t member_of[kBurst];
    for (uint16_t i = 0; i < count; ++i)
        views[i] = {rte_pktmbuf_mtod(frames[i], const uint8_t *), frames[i]->data_len};
    lagg.choose(lagg.spread, laggs_[lagg.slot].cursor, {views, count}, member_of);

    rte_mbuf *batch[distribute::kMaxMembers][kBurst];
    uint16_t batch_count[distribute::kMaxMembers] = {};
    uint16_t homeless = 0;
    for (uint16_t i = 0; i < count; ++i) {
        const uint8_t m = member_of[i];
        if (m < distribute::kMaxMembers) [[likely]]
            batch[m][batch_count[m]++] = frames[i];
        else if (m == distribute::kHeldMember)
            hold(lagg, frames[i]);
        else
            frames[homeless++] = frames[i];
    }
    for (uint8_t m = 0; m < lagg.member_count; ++m)
        if (batch_count[m] != 0)
            send_to_member(lagg.members[m].device, queue, batch[m], batch_count[m]);
    if (homeless != 0) {
        counters_[lagg.upper].tx_no_member.add(homeless);
        rte_pktmbuf_free_bulk(frames, homeless);
    }
}

// Copies, not references: some drivers write into the frames they send, and a ring hands the very
// buffer to whoever is at its other end.
void Worker::send_to_all(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                         uint16_t count) {
    bool sent = false;
    for (uint8_t m = 0; m < lagg.member_count; ++m) {
        if (!lagg.members[m].distributing) continue;
        sent = true;
        rte_mbuf *copies[kBurst];
        uint16_t copied = 0;
        for (uint16_t i = 0; i < count; ++i) {
            copies[copied] = rte_pktmbuf_copy(frames[i], shared_.pool, 0, UINT32_MAX);
            if (copies[copied] != nullptr) ++copied;
        }
        counters_[lagg.members[m].device].tx_full.add(static_cast<uint64_t>(count - copied));
        send_to_member(lagg.members[m].device, queue, copies, copied);
    }
    if (!sent) counters_[lagg.upper].tx_no_member.add(count);
    rte_pktmbuf_free_bulk(frames, count);
}

} // namespace lagg::worker
