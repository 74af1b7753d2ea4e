// The part of Distributor for laggs that have a program in the place of the hash, or rules beside
// it.
#include "dataplane/bpf/rules.hh"
#include "dataplane/bpf/spread_by_program.hh"
#include "dataplane/worker/distributor.hh"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <cassert>

namespace lagg::worker {

// A program knows nothing of slow-protocol frames, so they go before it runs; the functions of the
// hash mark them instead.
void Distributor::gather_steered(const LaggForwarding &lagg, rte_mbuf **frames, uint16_t count) {
    LaggState &state = laggs_[lagg.slot];
    alignas(32) uint8_t member_of[kBurst];
    bool slow = false;
    if (lagg.program != nullptr) {
        count = without_slow_frames(lagg, frames, count);
        run_program(lagg, frames, count, member_of);
    } else {
        const auto *packets = reinterpret_cast<const distribute::Packet *const *>(frames);
        slow = lagg.choose(lagg.spread, state.cursor, packets, count, member_of);
        if (lagg.measure) measure(lagg, frames, count);
    }
    bpf::members_by_rules(lagg.rules, lagg.distributing, {frames, count}, member_of);
    if (slow || lagg.odd_buckets) return gather_odd(lagg, member_of, frames, count);
    lagg.scatter(state.batches, member_of, reinterpret_cast<void *const *>(frames), count);
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
