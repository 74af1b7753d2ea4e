// From a lagg as it is to the lagg that is wanted, in one step: what differs is found here, the
// LACP core hears of it once, and what the workers do changes once.
#include "control/aggregation/aggregate.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>

namespace lagg::aggregation {

using config::Protocol;

namespace {

bool has_device(const WantedLagg &wanted, const std::string &port) {
    const auto found = std::ranges::find(wanted.ports, port, &WantedPort::name);
    return found != wanted.ports.end() && found->attached.has_value();
}

std::string reason_of(const WantedLagg &wanted, bool has_other_protocol,
                      const std::vector<std::string> &attached) {
    if (has_other_protocol)
        return std::string("protocol is now ") + to_text(wanted.config.protocol);
    if (attached.empty()) return "reconfigured";
    if (attached.size() == 1) return "port " + attached.front() + " attached";
    return fmt::format("{} ports attached", attached.size());
}

/// The problem is shown beside the port's name.
std::string without_name(const std::string &problem, const std::string &port) {
    const std::string subject = "port " + port + ": ";
    return problem.substr(problem.starts_with(subject) ? subject.size() : 0);
}

} // namespace

Aggregate::Became Aggregate::become(const WantedLagg &wanted, const Totals &totals,
                                    lacp::Time now) {
    const worker::LaggForwarding before = forwarding();
    const CoreParameters told = core_parameters();
    const bool was_lacp = lacp_.has_value();
    const bool was_measured = rebalances();
    const bool has_other_protocol = wanted.config.protocol != config_.protocol;
    if (was_lacp && wanted.config.protocol != Protocol::LACP) stop_lacp(now);
    for (Member &member : members_)
        if (member.port && !has_device(wanted, member.name)) take_off(member, now);

    if (has_other_protocol || wanted.identity.mac != identity_.mac) announcement_due_ = true;
    const bool has_other_slot = wanted.identity.slot != identity_.slot;
    config_ = wanted.config;
    identity_ = wanted.identity;
    policies_ = wanted.policies;
    Became became;
    became.attached = take_members(wanted, totals);
    became.has_other_upper = take_upper(wanted.upper, totals);
    if (has_other_slot || rebalances() != was_measured) rebalancing_.restart();

    if (config_.protocol == Protocol::LACP) {
        if (was_lacp)
            tell_core(told, became.attached, now);
        else
            start_lacp(now);
    }
    settle(now, reason_of(wanted, has_other_protocol, became.attached));
    if (forwarding() != before) changed_ = true;
    return became;
}

std::vector<std::string> Aggregate::take_members(const WantedLagg &wanted, const Totals &totals) {
    std::vector<Member> ordered;
    for (const std::string &name : wanted.config.ports) {
        Member *known = find_member(name);
        ordered.push_back(known != nullptr ? std::move(*known) : Member{.name = name});
        if (known != nullptr) known->name.clear();
    }
    members_ = std::move(ordered);
    std::vector<std::string> attached;
    for (const WantedPort &port : wanted.ports) {
        Member *member = find_member(port.name);
        assert(member != nullptr);
        if (!port.attached) {
            member->device_text = port.device_text;
            member->problem = without_name(port.problem, port.name);
        } else if (member->port) {
            assert(member->port->device == port.attached->device); // detached before
            member->port = port.attached;
        } else {
            attach(*member, *port.attached, totals);
            attached.push_back(port.name);
        }
    }
    return attached;
}

void Aggregate::attach(Member &member, const AttachedPort &port, const Totals &totals) {
    std::array<bool, distribute::kMaxMembers> taken{};
    for (const Member &other : members_)
        if (other.port) taken[other.index] = true;
    const auto free = std::ranges::find(taken, false);
    assert(free != taken.end());
    member.index = static_cast<uint8_t>(free - taken.begin());
    member.port = port;
    member.device_text = port.device_text;
    member.problem.clear();
    member.link = {};
    member.carrier_said = {};
    member.losses_seen = 0;
    member.loss_told = false;
    member.paused = false;
    member.leaving = false;
    member.drained = wants_drain(member);
    member.ignores_markers = false;
    member.collecting = false;
    member.distributing = false;
    member.counters_base = totals(port.device);
}

void Aggregate::take_off(Member &member, lacp::Time now) {
    step(lacp::PortRemoved{member.port->number}, now);
    // What the core still wanted to send there has no device any more.
    std::erase_if(frames_,
                  [&](const OutgoingFrame &frame) { return frame.device == member.port->device; });
    if (member.distributing) {
        spdlog::info("{}: {}: carries no traffic: port detached", config_.name, member.name);
        last_change_ = now;
        last_change_reason_ = "port " + member.name + " detached";
    }
    forwarded_[member.index] = {false, false};
    const bool was_its_place = carried_by_.test(member.index);
    carried_by_.reset(member.index);
    if (was_its_place && carried_by_.none()) announcement_due_ = true;
    member.port.reset();
    member.link = {};
    member.collecting = false;
    member.distributing = false;
    changed_ = true;
}

void Aggregate::detach(const std::string &port, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return;
    take_off(*member, now);
    settle(now, "port " + port + " detached");
}

bool Aggregate::take_upper(const upper::Upper &upper, const Totals &totals) {
    if (upper == upper_) return false;
    if (upper.endpoint.id != upper_.endpoint.id || upper.endpoint.side != upper_.endpoint.side)
        upper_base_ = upper.endpoint.id == port::kNoDevice ? worker::DeviceTotals{}
                                                           : totals(upper.endpoint.id);
    upper_ = upper;
    return true;
}

Aggregate::CoreParameters Aggregate::core_parameters() const {
    CoreParameters parameters{.system = system_parameters(), .ports = {}};
    for (const Member &member : members_)
        if (member.port) parameters.ports.push_back({member.port->number, port_parameters(member)});
    return parameters;
}

// In one event, so that no LACPDU is made of old parameters and new ones. Without a difference the
// core hears nothing.
void Aggregate::tell_core(const CoreParameters &before, std::span<const std::string> attached,
                          lacp::Time now) {
    const CoreParameters after = core_parameters();
    std::vector<lacp::PortParametersChanged> changed;
    for (const lacp::PortParametersChanged &port : after.ports) {
        const auto known =
            std::ranges::find(before.ports, port.port, &lacp::PortParametersChanged::port);
        if (known != before.ports.end() && known->parameters != port.parameters)
            changed.push_back(port);
    }
    if (before.system != after.system || !changed.empty())
        step(lacp::SystemParametersChanged{after.system, changed}, now);
    for (const std::string &name : attached)
        add_to_lacp(*member_named(name), now);
}

WantedLagg Aggregate::in_force() const {
    WantedLagg wanted{
        .config = config_, .identity = identity_, .upper = upper_, .policies = policies_};
    for (const Member &member : members_)
        wanted.ports.push_back({.name = member.name,
                                .attached = member.port,
                                .device_text = member.device_text,
                                .problem = member.problem});
    return wanted;
}

} // namespace lagg::aggregation
