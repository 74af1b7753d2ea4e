// A lagg whose buckets follow the measured load: the plan is carried out the way every flow moves
// that leaves a live port, and said.
#include "control/aggregation/aggregate.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace lagg::aggregation {

// What is sent while flows are held tells of the hold, not of the flows.
bool Aggregate::wants_loads(lacp::Time now) const {
    return rebalances() && !move_.is_holding() && rebalancing_.wants_reading(now);
}

void Aggregate::note_loads(const Rebalancing::Octets &octets, lacp::Time now) {
    if (!rebalances() || move_.is_holding() || !rebalancing_.note(octets, now)) return;
    const distribute::Plan plan = rebalancing_.plan(move_.target(), table_weights_);
    if (plan.moves.empty()) return;
    const std::string action = takers(plan);
    spdlog::info("{}: rebalances: {} of {} buckets move, busiest port {:.2f} -> {:.2f} of the "
                 "mean: {}",
                 config_.name, plan.moves.size(), distribute::kBuckets, plan.before, plan.after,
                 action);
    FlowMove::Members live;
    for (size_t m = 0; m < table_weights_.size(); ++m)
        live.set(m, table_weights_[m] != 0);
    move_.retarget(distribute::applied(move_.target(), plan), live);
    changed_ = true;
    rebalancing_.carried_out(plan, action, now);
    rebalancing_.restart();
}

std::string Aggregate::takers(const distribute::Plan &plan) const {
    std::string text;
    for (const Member &member : members_) {
        if (!member.port) continue;
        const auto taken = std::ranges::count(plan.moves, member.index, &distribute::Move::to);
        if (taken == 0) continue;
        text += fmt::format("{}{} takes {}", text.empty() ? "" : ", ", member.name, taken);
    }
    return text;
}

} // namespace lagg::aggregation
