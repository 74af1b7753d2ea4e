// The part of Distributor for laggs that have a program in the place of the hash, or rules beside
// it.
#include "dataplane/bpf/rules.hh"
#include "dataplane/bpf/spread_by_program.hh"
#include "dataplane/worker/distributor.hh"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <cassert>

namespace lagg::worker {

namespace {

/// Anew, where some frames are gone from between the others.
const uint16_t *lengths_of(rte_mbuf *const *frames, uint16_t count, uint16_t *lengths) {
    for (uint16_t i = 0; i < count; ++i)
        lengths[i] = static_cast<uint16_t>(frames[i]->pkt_len);
    return lengths;
}

} // namespace

// A program knows nothing of slow-protocol frames, so they go before it runs; the functions of the
// hash mark them instead.
void Distributor::gather_steered(const LaggForwarding &lagg, rte_mbuf **frames,
                                 const uint16_t *lengths, uint16_t count) {
    uint8_t member_of[kBurst];
    uint16_t own_lengths[kBurst];
    if (lagg.program != nullptr) {
        const uint16_t kept = without_slow_frames(lagg, frames, count);
        if (kept != count) lengths = lengths_of(frames, kept, own_lengths);
        count = kept;
        run_program(lagg, frames, count, member_of);
    } else {
        const auto *packets = reinterpret_cast<const distribute::Packet *const *>(frames);
        uint16_t bucket_of[kBurst];
        lagg.find_buckets(lagg.spread, packets, count, bucket_of);
        if (lagg.measure) measure(lagg, bucket_of, lengths, count);
        for (uint16_t i = 0; i < count; ++i)
            member_of[i] = lagg.spread.table.member_of(bucket_of[i]);
    }
    bpf::members_by_rules(lagg.rules, lagg.distributing, {frames, count}, member_of);
    gather_by_members(lagg, member_of, frames, lengths, count);
}

void Distributor::run_program(const LaggForwarding &lagg, rte_mbuf *const *frames, uint16_t count,
                              uint8_t *member_of) {
    assert(count <= kBurst);
    ProgramState &program = programs_[lagg.slot];
    if (program.generation != lagg.program->generation()) {
        program.memory = {};
        program.generation = lagg.program->generation();
    }
    distribute::FrameView views[kBurst];
    for (uint16_t i = 0; i < count; ++i)
        views[i] = {rte_pktmbuf_mtod(frames[i], const uint8_t *), frames[i]->data_len};
    const uint64_t now_us = rte_rdtsc() / (rte_get_tsc_hz() / 1'000'000);
    bpf::members_by_program(*lagg.program, lagg.spread, program.memory, now_us, {views, count},
                            member_of);
}

} // namespace lagg::worker
