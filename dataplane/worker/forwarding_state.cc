#include "dataplane/worker/forwarding_state.hh"

#include "dataplane/distribute/instruction_set.hh"

#include <algorithm>
#include <cassert>

namespace lagg::worker {

ForwardingState::ForwardingState() {
    slow_worker.fill(kMaxWorkers);
    slow_queues.fill(0);
}

namespace {

// Filling each batch in one go keeps a member's packets in order only where it has one turn.
Way way_of_turns(LaggForwarding &lagg) {
    distribute::Spread &spread = lagg.spread;
    spread.turns = distribute::plan_turns({spread.live.data(), spread.live_count}, spread.weights);
    const bool one_each = spread.turns.size() == spread.live_count;
    return spread.stride == 1 && one_each ? Way::TURNS : Way::STRIDES;
}

Way way_of_hash(LaggForwarding &lagg) {
    const auto &buckets = lagg.spread.table.member;
    lagg.odd_buckets = std::ranges::any_of(
        buckets, [](uint8_t member) { return member >= distribute::kMaxMembers; });
    lagg.find_buckets = distribute::bucket_function(lagg.spread.policy);
    lagg.find_hashes = distribute::hash_function(lagg.spread.policy);
    lagg.rows = distribute::rows_of(lagg.spread.table);
    if (!lagg.measure && !lagg.odd_buckets)
        lagg.spread_packets = distribute::spread_function(lagg.spread.policy, lagg.member_count);
    if (lagg.program != nullptr || !lagg.rules.empty()) return Way::STEERED;
    const bool same =
        std::ranges::all_of(buckets, [&](uint8_t member) { return member == lagg.spread.live[0]; });
    return same && !lagg.measure ? Way::ONE_MEMBER : Way::BUCKETS;
}

} // namespace

void choose_way(LaggForwarding &lagg) {
    lagg.distributing = 0;
    for (size_t m = 0; m < lagg.members.size(); ++m)
        lagg.distributing |= static_cast<uint32_t>(lagg.members[m].distributing) << m;
    lagg.odd_buckets = false;
    lagg.keeps_slow_frames = lagg.mode == Mode::HASH || lagg.mode == Mode::BROADCAST;
    lagg.find_buckets = nullptr;
    lagg.find_hashes = nullptr;
    lagg.spread_packets = nullptr;
    lagg.deal = distribute::deal_function(lagg.member_count);
    lagg.way = Way::NOWHERE;
    if (lagg.mode == Mode::BROADCAST) lagg.way = Way::ALL_MEMBERS;
    if (lagg.spread.live_count == 0) return;
    switch (lagg.mode) {
    case Mode::FAILOVER: lagg.way = Way::ONE_MEMBER; return;
    case Mode::ROUND_ROBIN:
        lagg.way = lagg.spread.live_count == 1 ? Way::ONE_MEMBER : way_of_turns(lagg);
        return;
    case Mode::HASH: lagg.way = way_of_hash(lagg); return;
    case Mode::BROADCAST:
    case Mode::NONE: return;
    }
}

void assign_queues(ForwardingState &state, unsigned workers, const std::vector<uint8_t> &held) {
    assert(workers >= 1);
    assert(workers <= kMaxWorkers);
    state.workers = static_cast<uint8_t>(workers);
    for (LaggForwarding &lagg : state.laggs) {
        lagg.queue_of_worker.fill(kNoQueue);
        if (std::ranges::find(held, lagg.slot) != held.end()) continue;
        lagg.share = static_cast<uint16_t>(std::clamp<unsigned>(lagg.share, 1, workers));
        for (uint16_t queue = 0; queue < lagg.share; ++queue)
            lagg.queue_of_worker[(lagg.slot + queue) % workers] = queue;
        for (uint8_t m = 0; m < lagg.member_count; ++m) {
            const Member &member = lagg.members[m];
            if (member.device == port::kNoDevice || !member.link_up) continue;
            state.slow_worker[member.device] = static_cast<uint8_t>(lagg.slot % workers);
            state.slow_queues[member.device] = lagg.share;
            state.frees_fast.set(member.device, member.frees_fast);
        }
    }
}

} // namespace lagg::worker
