// The part of Distributor for laggs that have a program in the place of the hash, or rules beside
// it.
#include "dataplane/bpf/buckets_by_program.hh"
#include "dataplane/bpf/rules.hh"
#include "dataplane/worker/distributor.hh"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <span>

namespace lagg::worker {

// What a program or the hash says is dealt out as it is, unless there is a rule to ask.
void Distributor::gather_steered(const LaggForwarding &lagg, rte_mbuf **frames,
                                 const uint16_t *lengths, uint16_t count) {
    const std::span packets(reinterpret_cast<const distribute::Packet *const *>(frames), count);
    uint16_t bucket_of[kBurst];
    bool slow = false;
    if (lagg.program != nullptr)
        slow = run_program(lagg, packets, bucket_of);
    else
        slow = lagg.find_buckets(lagg.spread, packets.data(), count, bucket_of);
    if (lagg.measure && lagg.program == nullptr) measure(lagg, bucket_of, lengths, count);
    if (lagg.rules.empty() && !slow && !lagg.odd_buckets) [[likely]]
        return lagg.deal(laggs_[lagg.slot].batches, lagg.rows, bucket_of,
                         reinterpret_cast<void *const *>(frames), lengths, count);
    uint8_t member_of[kBurst];
    for (uint16_t i = 0; i < count; ++i)
        member_of[i] = lagg.spread.table.member_of(bucket_of[i]);
    bpf::members_by_rules(lagg.rules, lagg.distributing, {frames, count}, member_of);
    gather_by_members(lagg, member_of, frames, lengths, count);
}

bool Distributor::run_program(const LaggForwarding &lagg,
                              std::span<const distribute::Packet *const> packets,
                              uint16_t *bucket_of) {
    ProgramState &state = programs_[lagg.slot];
    const bpf::Program &program = *lagg.program;
    if (state.generation != program.generation()) {
        state.memory = {};
        state.generation = program.generation();
    }
    // Reading the clock and dividing costs a burst of small frames more than a small program.
    const uint64_t now_us =
        program.reads().now_us ? rte_rdtsc() / (rte_get_tsc_hz() / 1'000'000) : 0;
    return bpf::buckets_by_program({program, state.memory, now_us, lagg.find_hashes}, lagg.spread,
                                   packets, bucket_of);
}

} // namespace lagg::worker
