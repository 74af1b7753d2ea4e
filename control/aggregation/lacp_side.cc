// A lagg's dealings with the LACP core: its configuration as the standard's parameters, events in,
// actions out.
#include "control/aggregation/aggregate.hh"
#include "lacp/text.hh"

#include <spdlog/spdlog.h>

#include <cassert>

namespace lagg::aggregation {

namespace {

lacp::AggregatorChoice aggregator_choice(config::Select select) {
    switch (select) {
    case config::Select::STABLE: return lacp::AggregatorChoice::STABLE;
    case config::Select::BANDWIDTH: return lacp::AggregatorChoice::BANDWIDTH;
    case config::Select::COUNT: return lacp::AggregatorChoice::COUNT;
    case config::Select::PARTNER_PRIORITY: return lacp::AggregatorChoice::PARTNER_PRIORITY;
    }
    assert(false);
    return lacp::AggregatorChoice::STABLE;
}

lacp::Fallback fallback(config::Fallback fallback) {
    switch (fallback) {
    case config::Fallback::NONE: return lacp::Fallback::NONE;
    case config::Fallback::STATIC: return lacp::Fallback::STATIC;
    case config::Fallback::INDIVIDUAL: return lacp::Fallback::INDIVIDUAL;
    }
    assert(false);
    return lacp::Fallback::NONE;
}

/// The mux tells what happens to traffic and is what an operator follows. Of the receive machine
/// only what it says of the partner is news, since the link's state was logged already; of the
/// churn machines that there is churn. The rest is detail.
bool is_news(const lacp::StateChanged &change) {
    using enum lacp::StateChanged::Machine;
    switch (change.machine) {
    case MUX:
    case AGGREGATOR:
    case FALLBACK: return true;
    case RX: return std::string_view(change.to) != "PORT_DISABLED";
    case ACTOR_CHURN:
    case PARTNER_CHURN: return std::string_view(change.to) == "CHURN";
    case SELECTION: return false;
    }
    assert(false);
    return true;
}

} // namespace

// Without `strict`, as lagg(4) -lacp_strict, a partner that does not speak is taken to be ready
// for everything.
lacp::PortInformation partner_admin(const config::Lacp &config) {
    const config::PartnerAdmin &assumed = config.partner;
    lacp::PortInformation partner{};
    partner.system = {assumed.system_priority, assumed.system};
    partner.key = assumed.key;
    partner.port = {assumed.port_priority, assumed.port};
    // A silent partner is spoken to every second, so that a passive one is found as soon as it is
    // there.
    partner.state.timeout = true;
    partner.state.aggregation = !config.strict;
    partner.state.synchronization = !config.strict;
    partner.state.collecting = !config.strict;
    partner.state.distributing = !config.strict;
    return partner;
}

lacp::SystemParameters Aggregate::system_parameters() const {
    lacp::SystemParameters parameters;
    parameters.system.priority = config_.lacp.system_priority;
    parameters.system.address = config_.lacp.system_mac.value_or(identity_.mac);
    parameters.coupled_control = config_.lacp.coupled;
    parameters.aggregator_choice = aggregator_choice(config_.lacp.select);
    parameters.max_links = config_.lacp.max_links;
    parameters.revertive = config_.lacp.revertive;
    parameters.wait_to_restore = std::chrono::seconds(config_.lacp.wait_to_restore_seconds);
    parameters.churn_detection_time = std::chrono::seconds(config_.lacp.churn_time_seconds);
    parameters.fallback = fallback(config_.lacp.fallback);
    parameters.fallback_time = std::chrono::seconds(config_.lacp.fallback_timeout_seconds);
    return parameters;
}

lacp::Key Aggregate::key() const {
    const auto number = static_cast<lacp::Key>(std::stoul(config_.name.substr(4)));
    return config_.lacp.key.value_or(static_cast<lacp::Key>(number + 1));
}

lacp::PortParameters Aggregate::port_parameters(const Member &member) const {
    const AttachedPort &port = *member.port;
    lacp::PortParameters parameters;
    parameters.lacp_enabled = port.lacp.enabled;
    parameters.active = port.lacp.active.value_or(config_.lacp.active);
    parameters.short_timeout = port.lacp.fast.value_or(config_.lacp.fast);
    parameters.aggregatable = !port.lacp.individual;
    parameters.drained = member.drained;
    parameters.port_priority = port.lacp.priority.value_or(config_.lacp.port_priority);
    parameters.key = port.lacp.key.value_or(key());
    // Without LACP there is no partner, and none is assumed: the port carries nothing.
    if (port.lacp.enabled) parameters.partner_admin = partner_admin(config_.lacp);
    return parameters;
}

void Aggregate::start_lacp(lacp::Time now) {
    const lacp::SystemParameters parameters = system_parameters();
    lacp_.emplace(parameters, now);
    if (recorder_ != nullptr) recorder_->started(config_.name, now, parameters);
    for (Member &member : members_) {
        member.collecting = false;
        member.distributing = false;
        if (member.port) add_to_lacp(member, now);
    }
}

void Aggregate::stop_lacp(lacp::Time now) {
    for (const Member &member : members_)
        if (member.port) step(lacp::PortLeaving{member.port->number}, now);
    lacp_.reset();
}

void Aggregate::add_to_lacp(const Member &member, lacp::Time now) {
    step(lacp::PortAdded{member.port->number, member.port->mac, port_parameters(member)}, now);
    tell_link(member, now);
}

void Aggregate::tell_link(const Member &member, lacp::Time now) {
    step(lacp::LinkChanged{.port = member.port->number,
                           .up = member.link.up,
                           .full_duplex = member.link.full_duplex,
                           .speed_mbps = member.link.speed_mbps},
         now);
}

void Aggregate::step(const lacp::Event &event, lacp::Time now) {
    step_time_ = now;
    if (!lacp_) return;
    if (recorder_ != nullptr) recorder_->happened(config_.name, now, event);
    lacp_->step(now, event, *this);
}

void Aggregate::on_action(const lacp::Action &action) {
    if (recorder_ != nullptr) recorder_->acted(config_.name, step_time_, action);
    if (const auto *send = std::get_if<lacp::SendFrame>(&action)) {
        on_frame(*send);
    } else if (const auto *answered = std::get_if<lacp::MarkerAnswered>(&action)) {
        on_marker_answered(*answered);
    } else if (const auto *membership = std::get_if<lacp::PortMembership>(&action)) {
        on_membership(*membership);
    } else if (const auto *change = std::get_if<lacp::StateChanged>(&action)) {
        keep_transition(*change);
        log_transition(*change);
    }
}

void Aggregate::on_membership(const lacp::PortMembership &membership) {
    Member *member = find_member(membership.port);
    if (member == nullptr) return;
    member->collecting = membership.collecting;
    member->distributing = membership.distributing;
}

void Aggregate::log_transition(const lacp::StateChanged &change) {
    using Machine = lacp::StateChanged::Machine;
    if (change.machine == Machine::MUX) lacp_reason_ = change.reason;
    const auto level = is_news(change) ? spdlog::level::info : spdlog::level::debug;
    // What nobody reads takes no line from what is read.
    if (!spdlog::should_log(level)) return;
    std::string port = change.machine == Machine::FALLBACK ? "all ports" : "aggregator";
    Member *const member = find_member(change.port);
    if (member != nullptr) port = member->name;
    if (!may_log(member != nullptr ? member->log : log_, member != nullptr ? port : "all ports",
                 step_time_))
        return;
    spdlog::log(level, "{}: {}: {} {} -> {}: {}", config_.name, port, to_text(change.machine),
                change.from, change.to, change.reason);
}

bool Aggregate::may_log(LogLimit &limit, const std::string &who, lacp::Time now) const {
    tell_left_out(limit, who, now);
    return limit.allows(now);
}

void Aggregate::tell_left_out(LogLimit &limit, const std::string &who, lacp::Time now) const {
    if (const uint64_t lines = limit.take_left_out(now); lines != 0)
        spdlog::warn("{}: {}: {} more lines were left out of the log; the last transitions of each "
                     "port are in laggctl lacp history",
                     config_.name, who, lines);
}

void Aggregate::tell_left_out(lacp::Time now) {
    tell_left_out(log_, "all ports", now);
    for (Member &member : members_)
        tell_left_out(member.log, member.name, now);
}

} // namespace lagg::aggregation
