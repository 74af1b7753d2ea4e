// What an operator does to a single port while everything runs: draining it, losing its LACPDUs on
// purpose, looking at its past; and where a flow goes.
#include "control/aggregation/describe_history.hh"
#include "control/aggregation/engine.hh"
#include "control/aggregation/where.hh"
#include "lacp/slow_protocol.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lagg::aggregation {

namespace {

bool is_lacpdu(std::span<const uint8_t> frame) {
    return lacp::classify(frame) == lacp::SlowProtocol::LACP;
}

/// Why nothing can be done to a port, or nothing where it can.
std::optional<Error> refusal(const Aggregate *aggregate, const std::string &lagg,
                             const std::string &port) {
    if (aggregate == nullptr) return Error{fmt::format("there is no lagg \"{}\"", lagg)};
    const Member *member = aggregate->member_named(port);
    if (member == nullptr) return Error{fmt::format("{} has no port \"{}\"", lagg, port)};
    if (!member->port)
        return Error{fmt::format("port {} of {} is not open{}{}", port, lagg,
                                 member->problem.empty() ? "" : ": ", member->problem)};
    return std::nullopt;
}

} // namespace

// ---- Aggregate

void Aggregate::on_frame(const lacp::SendFrame &send) {
    Member *member = find_member(send.port);
    if (member == nullptr) return;
    if (member->test.hold_back && is_lacpdu(send.frame)) {
        ++member->test.held_back;
        return;
    }
    member->history.add(step_time_, Direction::SENT, send.frame);
    frames_.push_back(
        {member->port->device, {send.frame.begin(), send.frame.end()}, marker_queue_});
}

bool Aggregate::drops_for_test(Member &member, std::span<const uint8_t> frame) {
    if (!member.test.drop || !is_lacpdu(frame)) return false;
    ++member.test.dropped;
    return true;
}

// The aggregator and the fallback belong to all ports.
void Aggregate::keep_transition(const lacp::StateChanged &change) {
    for (Member &member : members_)
        if (member.port && (change.port == 0 || member.port->number == change.port))
            member.history.add(step_time_, change);
}

bool Aggregate::set_test(const std::string &port, Direction direction, bool on) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port || !lacp_) return false;
    const bool sent = direction == Direction::SENT;
    bool &now_on = sent ? member->test.hold_back : member->test.drop;
    if (now_on == on) return true;
    now_on = on;
    spdlog::warn("{}: {}: LACPDUs are {}{} ({} {})", config_.name, port, on ? "not " : "",
                 sent ? "sent" : "received", sent ? "txtest" : "rxtest", on ? "on" : "off");
    return true;
}

// ---- Engine

const Aggregate *Engine::find_aggregate(const std::string &lagg) const {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        if (aggregate->config().name == lagg) return aggregate.get();
    return nullptr;
}

Result<void> Engine::set_drain(const std::string &lagg, const std::string &port, bool on,
                               lacp::Time now) {
    Aggregate *aggregate = find_aggregate(lagg);
    if (const auto why_not = refusal(aggregate, lagg, port)) return *why_not;
    if (!on && aggregate->member_named(port)->port->lacp.drain)
        return Error{fmt::format("port {} of {} is drained by the configuration; take 'drain' out "
                                 "of its [[port]] and reload",
                                 port, lagg)};
    aggregate->set_drain(port, on, now);
    flush(now);
    return {};
}

Result<void> Engine::set_txtest(const std::string &lagg, const std::string &port, bool on,
                                lacp::Time) {
    return set_test(lagg, port, Direction::SENT, on);
}

Result<void> Engine::set_rxtest(const std::string &lagg, const std::string &port, bool on,
                                lacp::Time) {
    return set_test(lagg, port, Direction::RECEIVED, on);
}

Result<void> Engine::set_test(const std::string &lagg, const std::string &port, Direction direction,
                              bool on) {
    Aggregate *aggregate = find_aggregate(lagg);
    if (const auto why_not = refusal(aggregate, lagg, port)) return *why_not;
    if (!aggregate->set_test(port, direction, on))
        return Error{fmt::format("{} runs {}, and has no LACPDUs that could be lost", lagg,
                                 to_text(aggregate->config().protocol))};
    return {};
}

Result<api::PortHistory> Engine::history(const std::string &lagg, const std::string &port,
                                         lacp::Time now,
                                         std::chrono::system_clock::time_point wall_now) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    if (aggregate == nullptr) return Error{fmt::format("there is no lagg \"{}\"", lagg)};
    const Member *member = aggregate->member_named(port);
    if (member == nullptr) return Error{fmt::format("{} has no port \"{}\"", lagg, port)};
    return describe_history(*aggregate, *member, now, wall_now);
}

Result<api::FlowAnswer> Engine::where_goes(const std::string &lagg,
                                           const frame::FlowKey &key) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    if (aggregate == nullptr) return Error{fmt::format("there is no lagg \"{}\"", lagg)};
    return aggregation::where_goes(*aggregate, key);
}

} // namespace lagg::aggregation
