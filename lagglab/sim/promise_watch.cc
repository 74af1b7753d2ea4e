#include "lagglab/sim/promise_watch.hh"

#include "lacp/bytes.hh"
#include "lacp/marker.hh"
#include "lacp/text.hh"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <string_view>

namespace lagg::sim {

using namespace lacp;

namespace {

using Arrow = std::pair<std::string_view, std::string_view>;

/// Figure 6-18.
constexpr Arrow kRxArrows[] = {
    {"INITIALIZE", "PORT_DISABLED"}, {"PORT_DISABLED", "INITIALIZE"},
    {"PORT_DISABLED", "EXPIRED"},    {"PORT_DISABLED", "LACP_DISABLED"},
    {"EXPIRED", "CURRENT"},          {"EXPIRED", "DEFAULTED"},
    {"EXPIRED", "PORT_DISABLED"},    {"DEFAULTED", "CURRENT"},
    {"DEFAULTED", "PORT_DISABLED"},  {"CURRENT", "EXPIRED"},
    {"CURRENT", "PORT_DISABLED"},    {"LACP_DISABLED", "PORT_DISABLED"},
};
/// Figures 6-21 and 6-22.
constexpr Arrow kMuxArrows[] = {
    {"DETACHED", "WAITING"},        {"WAITING", "DETACHED"},
    {"WAITING", "ATTACHED"},        {"ATTACHED", "DETACHED"},
    {"ATTACHED", "COLLECTING"},     {"ATTACHED", "COLLECTING_DISTRIBUTING"},
    {"COLLECTING", "ATTACHED"},     {"COLLECTING", "DISTRIBUTING"},
    {"DISTRIBUTING", "COLLECTING"}, {"COLLECTING_DISTRIBUTING", "ATTACHED"},
};

template <size_t Size> bool is_arrow(const Arrow (&arrows)[Size], const StateChanged &change) {
    return std::find(std::begin(arrows), std::end(arrows), Arrow{change.from, change.to}) !=
           std::end(arrows);
}

} // namespace

Watch::Watch(const SystemParameters &parameters, Time now)
    : system_(parameters, now), now_(now), snapshot_(system_.snapshot()) {}

const PortSnapshot *Watch::port(PortNumber number) const {
    for (const PortSnapshot &port : snapshot_.ports)
        if (port.number == number) return &port;
    return nullptr;
}

const PortSnapshot *Watch::before(PortNumber number) const {
    for (const PortSnapshot &port : before_.ports)
        if (port.number == number) return &port;
    return nullptr;
}

void Watch::require(bool holds, const char *what, PortNumber port) {
    if (holds || !violation_.empty()) return;
    violation_ = (port == 0 ? "" : "port " + std::to_string(port) + ": ") + what;
}

bool Watch::step(Time now, const Event &event) {
    const bool was_due = system_.next_deadline() && *system_.next_deadline() <= now;
    now_ = now;
    begin_step();
    if (const auto *added = std::get_if<PortAdded>(&event)) {
        assert(added->port <= kHighestPort);
        records_[added->port] = Record{};
    }
    system_.step(now, event, *this);
    snapshot_ = system_.snapshot();
    for (const Action &action : actions_)
        follow(action, event);
    require(was_due || !std::holds_alternative<TimePassed>(event) || actions_.empty(),
            "nothing happens before the deadline");
    check_idle_change(event, was_due);
    check_system();
    for (const PortSnapshot &port : snapshot_.ports)
        check_port(port, event);
    for (const PortSnapshot &port : snapshot_.ports)
        if (!was_due) check_silence(port, event);
    return violation_.empty();
}

void Watch::begin_step() {
    actions_.clear();
    std::swap(before_, snapshot_);
    for (const PortSnapshot &port : before_.ports) {
        Record &record = records_[port.number];
        record.detached = false;
        record.sent_lacpdus = 0;
        record.sent_markers = 0;
        record.sent_responses = 0;
        record.last_sent.reset();
    }
}

// A port whose own parameters silence it says good-bye like one that leaves.
bool Watch::may_be_farewell(const PortSnapshot &port, const Event &event) {
    if (port.periodic != PeriodicState::NO_PERIODIC) return false;
    return event_of<PortLeaving>(event, port.number) != nullptr ||
           event_of<PortParametersChanged>(event, port.number) != nullptr;
}

// ---- what the sink was told

void Watch::follow(const Action &action, const Event &event) {
    if (const auto *send = std::get_if<SendFrame>(&action)) follow(*send, event);
    if (const auto *membership = std::get_if<PortMembership>(&action)) follow(*membership);
    if (const auto *change = std::get_if<StateChanged>(&action)) follow(*change);
    if (const auto *answered = std::get_if<MarkerAnswered>(&action)) {
        require(event_of<SlowFrameReceived>(event, answered->port) != nullptr,
                "a Marker is answered by a frame of the same port only", answered->port);
    }
}

void Watch::follow(const SendFrame &send, const Event &event) {
    const PortSnapshot *port = this->port(send.port);
    require(port != nullptr, "a frame leaves no port that is gone", send.port);
    if (port == nullptr) return;
    Record &record = records_[send.port];
    require(port->link_up, "a frame leaves no port without link", send.port);
    require(get_address(send.frame, 6) == port->address, "the source is the port's own address",
            send.port);
    const bool farewell = may_be_farewell(*port, event);
    switch (classify(send.frame)) {
    case SlowProtocol::LACP: {
        record.last_sent = decode_lacpdu(send.frame);
        require(record.last_sent.has_value(), "what is sent is an LACPDU", send.port);
        ++record.sent_lacpdus;
        record.told_sync = record.last_sent && record.last_sent->actor.state.synchronization;
        require(!record.lacpdus.note(now_) || farewell, "three LACPDUs in any second at most",
                send.port);
        break;
    }
    case SlowProtocol::MARKER: {
        const std::optional<MarkerPdu> marker = decode_marker(send.frame);
        require(marker.has_value(), "what is sent is a Marker PDU", send.port);
        if (marker) ++(marker->response ? record.sent_responses : record.sent_markers);
        break;
    }
    case SlowProtocol::UNKNOWN:
    case SlowProtocol::ILLEGAL: require(false, "only LACPDUs and Marker PDUs are sent", send.port);
    }
    require(!record.frames.note(now_), "ten slow-protocol frames in any second at most", send.port);
}

void Watch::follow(const PortMembership &membership) {
    Record &record = records_[membership.port];
    require(record.collecting != membership.collecting ||
                record.distributing != membership.distributing,
            "membership is told on change only", membership.port);
    record.collecting = membership.collecting;
    record.distributing = membership.distributing;
}

void Watch::follow(const StateChanged &change) {
    using Machine = StateChanged::Machine;
    require(!is_same(change.from, change.to), "a change changes something", change.port);
    require(change.reason[0] != '\0', "a change has a reason", change.port);
    Record &record = records_[change.port];
    const auto move = [&](const char *&known) {
        require(is_same(known, change.from), "a change starts where the last one ended",
                change.port);
        known = change.to;
    };
    switch (change.machine) {
    case Machine::RX:
        require(is_arrow(kRxArrows, change), "the receive machine follows its figure", change.port);
        return move(record.rx);
    case Machine::MUX: return follow_mux(record, change);
    case Machine::SELECTION: return move(record.selected);
    case Machine::ACTOR_CHURN: return move(record.actor_churn);
    case Machine::PARTNER_CHURN: return move(record.partner_churn);
    case Machine::AGGREGATOR:
    case Machine::FALLBACK: return;
    }
}

void Watch::follow_mux(Record &record, const StateChanged &change) {
    require(is_arrow(kMuxArrows, change), "the mux machine follows its figure", change.port);
    require(is_same(record.mux, change.from), "a change starts where the last one ended",
            change.port);
    record.mux = change.to;
    if (is_same(change.to, "DETACHED")) record.detached = true;
    if (is_same(change.to, "WAITING")) record.waiting_since = now_;
    require(!is_same(change.to, "ATTACHED") || !is_same(change.from, "WAITING") ||
                now_ - record.waiting_since >= kAggregateWaitTime,
            "a port waits before it attaches", change.port);
}

} // namespace lagg::sim
