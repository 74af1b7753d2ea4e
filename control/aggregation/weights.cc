// What share of the flows each port of a lagg deserves: as configured, or by the speed of its link.
#include "control/aggregation/aggregate.hh"

#include <numeric>

namespace lagg::aggregation {

namespace {

/// By speed, weights count in Mbit/s, and one that is configured in Gbit/s.
constexpr uint32_t kMbpsOfWeight = 1000;

/// Of a link whose speed is not known: a port must not get more than it can surely carry.
uint32_t cautious_speed(const std::vector<Member> &members) {
    uint32_t slowest = 0;
    for (const Member &member : members) {
        const uint32_t speed = member.port ? member.link.speed_mbps : 0;
        if (speed != 0 && (slowest == 0 || speed < slowest)) slowest = speed;
    }
    return slowest != 0 ? slowest : kMbpsOfWeight;
}

} // namespace

MemberWeights Aggregate::weights() const {
    const bool by_speed = config_.weights == config::Weights::SPEED;
    const uint32_t unit = by_speed ? kMbpsOfWeight : 1;
    const uint32_t unknown = by_speed ? cautious_speed(members_) : 1;
    MemberWeights weights{};
    for (const Member &member : members_) {
        if (!member.port) continue;
        uint32_t &weight = weights[member.index];
        weight = unknown;
        if (by_speed && member.link.speed_mbps != 0) weight = member.link.speed_mbps;
        if (member.port->weight) weight = *member.port->weight * unit;
    }
    return weights;
}

// Without a common divisor, since round robin sends as many packets in a turn.
MemberWeights Aggregate::live_weights() const {
    MemberWeights live{};
    if (!up_) return live;
    const MemberWeights all = weights();
    uint32_t divisor = 0;
    for (const Member &member : members_) {
        if (!member.port || !member.distributing || wants_drain(member)) continue;
        live[member.index] = all[member.index];
        divisor = std::gcd(divisor, all[member.index]);
    }
    for (uint32_t &weight : live)
        if (weight != 0) weight /= divisor;
    return live;
}

} // namespace lagg::aggregation
