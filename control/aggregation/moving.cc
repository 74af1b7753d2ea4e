// Flows that go from one live port to another: after a change of the members, and when a port is
// drained.
#include "control/aggregation/aggregate.hh"

#include <spdlog/spdlog.h>

#include <array>

namespace lagg::aggregation {

void Aggregate::rebuild_table() {
    const MemberWeights weights = live_weights();
    if (weights != live_weights_) changed_ = true;
    live_weights_ = weights;
    const bool spreads = up_ && uses_hash(config_.protocol);
    const bool otherwise = steers_otherwise();
    if (otherwise) changed_ = true;
    FlowMove::Members distributing;
    FlowMove::Members live;
    if (spreads)
        for (const Member &member : members_) {
            if (!member.port || !member.distributing) continue;
            distributing.set(member.index);
            // Only LACP has a partner to ask whether it has received everything. Without it the
            // rebalancer's moves and changes of policy alone wait, and what joins one under way
            // waits with it.
            live.set(member.index, lacp_.has_value() || move_.is_holding() || otherwise);
        }
    const distribute::BucketTable before = move_.table();
    const distribute::BucketTable &now = move_.target();
    const MemberWeights wanted = spreads ? weights : MemberWeights{};
    move_.retarget(rebalances() ? distribute::rebuild(now, table_weights_, wanted)
                                : distribute::build(now, wanted),
                   live);
    if (otherwise) move_.hold_all(distributing);
    table_weights_ = wanted;
    if (move_.table() == before) return;
    changed_ = true;
    rebalancing_.restart();
}

void Aggregate::end_move_in_time(lacp::Time now) {
    if (!move_.time_passed(now)) return;
    changed_ = true;
    for (Member &member : members_) {
        if (!member.port || !move_.silent().test(member.index)) continue;
        if (!member.ignores_markers)
            spdlog::info("{}: {}: the partner answers no Markers; flows move after a pause",
                         config_.name, member.name);
        member.ignores_markers = true;
    }
}

// A Marker follows the frames of its own transmit queue only, so each queue in use has one.
void Aggregate::holds_in_force(uint16_t queues, lacp::Time now) {
    lacp::Duration wait = kQuietTime;
    for (const uint8_t index : move_.holds_in_force()) {
        for (const Member &member : members_) {
            if (!member.port || member.index != index) continue;
            if (!lacp_) continue; // nobody to ask: the pause alone
            if (!member.ignores_markers) wait = kMarkerTimeout;
            for (uint16_t queue = 0; queue < queues; ++queue) {
                move_.asked(index, ++last_transaction_);
                marker_queue_ = queue;
                step(lacp::MarkerRequested{member.port->number, last_transaction_}, now);
                marker_queue_ = 0;
            }
        }
    }
    move_.wait_until(now + wait);
}

void Aggregate::on_marker_answered(const lacp::MarkerAnswered &answered) {
    Member *member = find_member(answered.port);
    if (member == nullptr) return;
    member->ignores_markers = false;
    if (move_.answered(member->index, answered.transaction_id)) changed_ = true;
}

bool Aggregate::set_drain(const std::string &port, bool drain, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return false;
    if (member->drain == drain) return true;
    member->drain = drain;
    settle(now, "port " + port + (drain ? " is drained" : " is not drained any more"));
    return true;
}

bool Aggregate::wants_drain(const Member &member) const {
    return member.drain || (member.port && member.port->lacp.drain);
}

// Its flows move first. Only when no frame goes there any more does the partner hear of it.
bool Aggregate::drain_members(lacp::Time now) {
    bool moved = false;
    for (Member &member : members_) {
        if (!member.port) continue;
        const bool wanted = wants_drain(member);
        if (wanted == member.drained) continue;
        if (wanted && member.distributing && up_ && !move_.is_free_of(member.index)) continue;
        member.drained = wanted;
        spdlog::info("{}: {}: {}", config_.name, member.name,
                     wanted ? "is drained: its flows have moved" : "is not drained any more");
        step(lacp::PortParametersChanged{member.port->number, port_parameters(member)}, now);
        moved = true;
    }
    return moved;
}

} // namespace lagg::aggregation
