// Programs and rules of a lagg, and the question whether what they say has changed.
#include "control/aggregation/aggregate.hh"

#include <algorithm>
#include <utility>

namespace lagg::aggregation {

// A port that is drained loses its rules with its buckets.
const Member *Aggregate::obeying(const PortRule &rule) const {
    const Member *member = member_named(rule.port);
    const bool obeys =
        member != nullptr && member->port && member->distributing && !wants_drain(*member);
    return obeys ? member : nullptr;
}

Steering Aggregate::steering() const {
    Steering steering{.policy = hash_policy()};
    if (policies_.program != nullptr) steering.program = policies_.program->generation();
    for (const PortRule &rule : policies_.rules)
        if (const Member *member = obeying(rule))
            steering.rules.emplace_back(rule.filter->expression(), member->index);
    return steering;
}

// A rule whose port died is no reason to hold anything: what it sent is lost or has arrived, and
// speed wins.
bool Aggregate::steers_otherwise() {
    Steering before = std::exchange(steering_, steering());
    std::erase_if(before.rules, [&](const auto &rule) {
        return std::ranges::none_of(members_, [&](const Member &member) {
            return member.port && member.distributing && member.index == rule.second;
        });
    });
    return before != steering_;
}

std::vector<bpf::Rule> Aggregate::rules_in_force() const {
    std::vector<bpf::Rule> rules;
    for (const PortRule &rule : policies_.rules)
        if (const Member *member = obeying(rule); member != nullptr && up_)
            rules.push_back({rule.filter, member->index});
    return rules;
}

// While all is held neither is asked: a program would count frames that it will see again, and a
// rule would let frames overtake those that are held.
void Aggregate::add_policies(worker::LaggForwarding &forwarding) const {
    if (move_.holds_all() || !uses_hash(config_.protocol)) return;
    forwarding.program = policies_.program;
    forwarding.rules = rules_in_force();
}

} // namespace lagg::aggregation
