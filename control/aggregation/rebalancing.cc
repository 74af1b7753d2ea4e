#include "control/aggregation/rebalancing.hh"

#include <numeric>

namespace lagg::aggregation {

bool Rebalancing::note(const Octets &octets, lacp::Time now) {
    if (!last_time_ || now - *last_time_ > kReadingTooLate) {
        begin(now);
    } else {
        for (size_t b = 0; b < octets.size(); ++b)
            load_[b] += static_cast<uint32_t>(octets[b] - last_[b]);
    }
    last_ = octets;
    last_time_ = now;
    return now - began_ >= kPlanPeriod;
}

void Rebalancing::begin(lacp::Time now) {
    load_.fill(0);
    began_ = now;
}

distribute::Plan Rebalancing::plan(const distribute::BucketTable &table,
                                   std::span<const uint32_t> weights) {
    distribute::Plan plan;
    if (std::accumulate(load_.begin(), load_.end(), uint64_t{0}) >= kIdleOctets)
        plan = distribute::plan_moves(table, weights, load_, {});
    history_.imbalance = plan.before;
    if (last_time_) begin(*last_time_);
    return plan;
}

void Rebalancing::carried_out(const distribute::Plan &plan, std::string action, lacp::Time now) {
    ++history_.rounds;
    history_.buckets_moved += plan.moves.size();
    history_.last_before = plan.before;
    history_.last_after = plan.after;
    history_.last_time = now;
    history_.last_action = std::move(action);
}

} // namespace lagg::aggregation
