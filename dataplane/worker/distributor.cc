#include "dataplane/worker/distributor.hh"

#include "dataplane/frame/flow_key.hh"
#include "dataplane/worker/transmit.hh"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <utility>

namespace lagg::worker {

using distribute::Packet;

static_assert(offsetof(Packet, buffer) == offsetof(rte_mbuf, buf_addr));
static_assert(offsetof(Packet, offset) == offsetof(rte_mbuf, data_off));
static_assert(offsetof(Packet, flags) == offsetof(rte_mbuf, ol_flags));
static_assert(offsetof(Packet, packet_octets) == offsetof(rte_mbuf, pkt_len));
static_assert(offsetof(Packet, octets) == offsetof(rte_mbuf, data_len));
static_assert(offsetof(Packet, nic_hash) == offsetof(rte_mbuf, hash));
static_assert(Packet::kHasNicHash == RTE_MBUF_F_RX_RSS_HASH);
static_assert(kMaxLaggs <= 32, "a bit each");

namespace {

const Packet *const *packets_of(rte_mbuf *const *frames) {
    return reinterpret_cast<const Packet *const *>(frames);
}

rte_mbuf **frames_of(distribute::Batches &batches, size_t member) {
    return reinterpret_cast<rte_mbuf **>(batches.packets[member]);
}

/// Where what happens to a client's frames is counted: the upper side, or the lagg's own
/// place where there is none any more.
EndpointId counted_at(const LaggForwarding &lagg) {
    return lagg.upper.id == port::kNoDevice ? upper_endpoint(lagg.slot) : lagg.upper.id;
}

} // namespace

Distributor::Distributor(std::span<DeviceCounters, kMaxEndpoints> counters, rte_mempool *pool)
    : counters_(counters), pool_(pool) {}

Distributor::~Distributor() {
    for (size_t i = 0; i < held_count_; ++i)
        rte_pktmbuf_free(held_[i]);
    for (LaggState &lagg : laggs_)
        for (size_t m = 0; m < distribute::kMaxMembers; ++m)
            rte_pktmbuf_free_bulk(frames_of(lagg.batches, m), lagg.batches.count[m]);
}

/// What batches need to know of the state: it may be gone when they are sent.
void Distributor::prepare(const LaggForwarding &lagg, uint16_t queue, LaggState &state) {
    state.lagg = &lagg;
    state.queue = queue;
    state.member_count = lagg.member_count;
    for (unsigned m = 0; m < lagg.member_count; ++m)
        state.device[m] = lagg.members[m].device;
}

[[gnu::always_inline]] inline void Distributor::gather_by_buckets(const LaggForwarding &lagg,
                                                                  rte_mbuf **frames,
                                                                  const uint16_t *lengths,
                                                                  uint16_t count) {
    uint16_t bucket_of[kBurst];
    if (lagg.spread_packets != nullptr) [[likely]] {
        if (!lagg.spread_packets(lagg.spread, lagg.rows, reinterpret_cast<void *const *>(frames),
                                 lengths, count, bucket_of, laggs_[lagg.slot].batches)) [[unlikely]]
            gather_odd_buckets(lagg, bucket_of, frames, lengths, count);
        return;
    }
    const bool slow = lagg.find_buckets(lagg.spread, packets_of(frames), count, bucket_of);
    if (lagg.measure) [[unlikely]]
        measure(lagg, bucket_of, lengths, count);
    if (!slow && !lagg.odd_buckets) [[likely]]
        return lagg.deal(laggs_[lagg.slot].batches, lagg.rows, bucket_of,
                         reinterpret_cast<void *const *>(frames), lengths, count);
    gather_odd_buckets(lagg, bucket_of, frames, lengths, count);
}

[[gnu::always_inline]] inline void Distributor::gather(const LaggForwarding &lagg,
                                                       rte_mbuf **frames, const uint16_t *lengths,
                                                       uint16_t count) {
    if (lagg.way == Way::BUCKETS) [[likely]]
        return gather_by_buckets(lagg, frames, lengths, count);
    if (lagg.way == Way::TURNS) return take_turns(lagg, frames, lengths, count);
    if (lagg.way == Way::STRIDES) return take_strides(lagg, frames, lengths, count);
    gather_steered(lagg, frames, lengths, count);
}

/// Buckets of which some have no member.
void Distributor::gather_odd_buckets(const LaggForwarding &lagg, const uint16_t *bucket_of,
                                     rte_mbuf **frames, const uint16_t *lengths, uint16_t count) {
    uint8_t member_of[kBurst];
    for (uint16_t i = 0; i < count; ++i)
        member_of[i] = lagg.spread.table.member_of(bucket_of[i]);
    gather_by_members(lagg, member_of, frames, lengths, count);
}

void Distributor::gather_by_members(const LaggForwarding &lagg, const uint8_t *member_of,
                                    rte_mbuf **frames, const uint16_t *lengths, uint16_t count) {
    distribute::Batches &batches = laggs_[lagg.slot].batches;
    for (uint16_t i = 0; i < count; ++i) {
        const uint8_t m = member_of[i];
        if (m < distribute::kMaxMembers) {
            batches.add(m, frames[i], lengths[i]);
        } else if (m == distribute::kHeldMember) {
            hold(lagg, frames[i]);
        } else if (m == distribute::kSlowMember) {
            drop_slow(lagg, frames[i]);
        } else {
            drop(lagg, frames + i, 1);
        }
    }
}

// With a stride of one every member takes each n-th frame, so each batch is filled in one go.
void Distributor::take_turns(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                             uint16_t count) {
    LaggState &state = laggs_[lagg.slot];
    distribute::Batches &batches = state.batches;
    const std::vector<uint8_t> &turns = lagg.spread.turns;
    const auto n = static_cast<uint32_t>(turns.size());
    uint32_t turn = state.cursor.position < n ? state.cursor.position : 0;
    const uint32_t rows = std::min<uint32_t>(n, count);
    for (uint32_t first = 0; first < rows; ++first) {
        const uint8_t m = turns[turn];
        turn = turn + 1 == n ? 0 : turn + 1;
        distribute::Batches::Handle *const batch = batches.packets[m];
        uint32_t octets = batches.octets[m];
        size_t held = batches.count[m];
        for (uint32_t i = first; i < count; i += n) {
            octets += lengths[i];
            batch[held++] = frames[i];
        }
        batches.count[m] = static_cast<uint8_t>(held);
        batches.octets[m] = octets;
    }
    state.cursor.position = (state.cursor.position + count) % n;
}

void Distributor::take_strides(const LaggForwarding &lagg, rte_mbuf **frames,
                               const uint16_t *lengths, uint16_t count) {
    uint8_t member_of[kBurst];
    distribute::spread_round_robin(lagg.spread, laggs_[lagg.slot].cursor, count, member_of);
    gather_by_members(lagg, member_of, frames, lengths, count);
}

/// Sends the batches that are full: whose count has one of the bits from 32 on. True when others
/// wait. Eight counts are read and written together, as deal_to_few() does: a load of eight octets
/// waits for a store of one of them.
[[gnu::always_inline]] inline bool Distributor::send_full(LaggState &state) {
    static_assert(kBurst == 32 && distribute::Batches::kRoom < 256);
    constexpr uint64_t kFull = 0xe0e0e0e0e0e0e0e0;
    uint64_t waiting = 0;
    for (unsigned first = 0; first < state.member_count; first += 8) {
        uint64_t counts = 0;
        std::memcpy(&counts, state.batches.count + first, sizeof counts);
        uint64_t full = counts & kFull;
        if (full != 0) {
            do {
                const auto octet = static_cast<unsigned>(std::countr_zero(full)) / 8;
                const uint64_t mask = uint64_t{0xff} << 8 * octet;
                send_batch(state, first + octet, (counts & mask) >> 8 * octet);
                full &= ~mask;
                counts &= ~mask;
            } while (full != 0);
            std::memcpy(state.batches.count + first, &counts, sizeof counts);
        }
        waiting |= counts;
    }
    return waiting != 0;
}

void Distributor::distribute(const LaggForwarding &lagg, uint16_t queue, const Burst &burst,
                             bool last) {
    const auto [frames, lengths, count, bytes] = burst;
    assert(count <= distribute::kMostPackets);
    switch (lagg.way) {
    case Way::NOWHERE: return drop(lagg, frames, count);
    case Way::ONE_MEMBER: return send_to_one(lagg, queue, frames, count, bytes);
    case Way::ALL_MEMBERS: return send_to_all(lagg, queue, frames, count);
    case Way::TURNS:
    case Way::STRIDES:
    case Way::BUCKETS:
    case Way::STEERED: break;
    }
    LaggState &state = laggs_[lagg.slot];
    if (state.lagg != &lagg || state.queue != queue) [[unlikely]]
        prepare(lagg, queue, state);
    bool waiting = false;
    for (uint16_t done = 0; done < count; done = static_cast<uint16_t>(done + kBurst)) {
        const auto some = std::min<uint16_t>(kBurst, static_cast<uint16_t>(count - done));
        gather(lagg, frames + done, lengths + done, some);
        waiting = send_full(state);
    }
    if (last && waiting) send_waiting(state);
    const uint32_t bit = 1u << lagg.slot;
    waiting_laggs_ = waiting && !last ? waiting_laggs_ | bit : waiting_laggs_ & ~bit;
}

void Distributor::send_waiting(LaggState &state) {
    for (unsigned m = 0; m < state.member_count; ++m)
        if (const uint8_t count = std::exchange(state.batches.count[m], uint8_t{0}); count != 0)
            send_batch(state, m, count);
}

void Distributor::send_batch(LaggState &state, unsigned member, size_t count) {
    send(state.device[member], state.queue, frames_of(state.batches, member),
         static_cast<uint16_t>(count), std::exchange(state.batches.octets[member], 0u));
}

void Distributor::send(port::DeviceId device, uint16_t queue, rte_mbuf **frames, uint16_t count,
                       uint64_t bytes) {
    transmit(counters_[device], frames, count, bytes, [device, queue](rte_mbuf **some, uint16_t n) {
        return rte_eth_tx_burst(device, queue, some, n);
    });
}

void Distributor::flush() {
    for (uint32_t rest = std::exchange(waiting_laggs_, 0); rest != 0; rest &= rest - 1)
        send_waiting(laggs_[static_cast<size_t>(std::countr_zero(rest))]);
}

void Distributor::measure(const LaggForwarding &lagg, const uint16_t *bucket_of,
                          const uint16_t *lengths, uint16_t count) {
    BucketLoads &loads = loads_[lagg.slot];
    for (uint16_t i = 0; i < count; ++i) {
        if (bucket_of[i] == distribute::kSlowBucket) continue;
        std::atomic<uint32_t> &load = loads.octets[bucket_of[i]];
        load.store(load.load(std::memory_order_relaxed) + lengths[i], std::memory_order_relaxed);
    }
}

void Distributor::drop(const LaggForwarding &lagg, rte_mbuf **frames, uint16_t count) {
    counters_[counted_at(lagg)].tx_no_member.add(count);
    rte_pktmbuf_free_bulk(frames, count);
}

// Frames of slow protocols and of MAC control never leave their link. One that a client sends would
// meet the partner as a second system on ours, or stop it from sending.
void Distributor::drop_slow(const LaggForwarding &lagg, rte_mbuf *frame) {
    counters_[counted_at(lagg)].slow_dropped.add(1);
    rte_pktmbuf_free(frame);
}

uint16_t Distributor::without_slow_frames(const LaggForwarding &lagg, rte_mbuf **frames,
                                          uint16_t count) {
    uint16_t kept = 0;
    for (uint16_t i = 0; i < count; ++i) {
        if (frame::stays_on_link(packets_of(frames)[i]->bytes())) [[unlikely]]
            drop_slow(lagg, frames[i]);
        else
            frames[kept++] = frames[i];
    }
    return kept;
}

void Distributor::send_to_one(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                              uint16_t count, uint64_t bytes) {
    if (lagg.keeps_slow_frames) {
        const uint16_t kept = without_slow_frames(lagg, frames, count);
        if (kept != count) bytes = octets(frames, kept);
        count = kept;
    }
    send(lagg.members[lagg.spread.live[0]].device, queue, frames, count, bytes);
}

void Distributor::hold(const LaggForwarding &lagg, rte_mbuf *frame) {
    assert(held_count_ < kHoldFrames);
    frame->port = lagg.slot;
    held_[held_count_++] = frame;
}

void Distributor::drop_held(rte_mbuf *frame) {
    counters_[upper_endpoint(static_cast<uint8_t>(frame->port))].tx_no_member.add(1);
    rte_pktmbuf_free(frame);
}

void Distributor::obey(const ForwardingState &state, unsigned worker) {
    flush();
    for (LaggState &lagg : laggs_)
        lagg.lagg = nullptr;
    const size_t count = std::exchange(held_count_, 0);
    size_t next = 0;
    while (next < count) {
        const uint16_t slot = held_[next]->port;
        const auto lagg = std::ranges::find(state.laggs, slot, &LaggForwarding::slot);
        const bool served = lagg != state.laggs.end() && lagg->queue_of_worker[worker] != kNoQueue;
        rte_mbuf *burst[kBurst];
        uint16_t taken = 0;
        uint16_t lengths[kBurst];
        while (next < count && taken < kBurst && held_[next]->port == slot) {
            lengths[taken] = static_cast<uint16_t>(held_[next]->pkt_len);
            burst[taken++] = held_[next++];
        }
        if (served)
            distribute(*lagg, lagg->queue_of_worker[worker],
                       {burst, lengths, taken, octets(burst, taken)}, false);
        else
            for (uint16_t i = 0; i < taken; ++i)
                drop_held(burst[i]);
    }
    flush();
}

} // namespace lagg::worker
