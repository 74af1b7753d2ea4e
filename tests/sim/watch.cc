#include "tests/sim/watch.hh"

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

bool is_same(const char *a, const char *b) {
    return std::string_view(a) == b;
}

bool is_attached(const PortSnapshot &port) {
    return port.mux != MuxState::DETACHED && port.mux != MuxState::WAITING;
}

bool is_individual(const PortSnapshot &port) {
    return !port.actor.state.aggregation || !port.partner.state.aggregation;
}

bool has_same_lag_id(const PortSnapshot &a, const PortSnapshot &b) {
    return !is_individual(a) && !is_individual(b) && a.actor.system == b.actor.system &&
           a.actor.key == b.actor.key && a.partner.system == b.partner.system &&
           a.partner.key == b.partner.key;
}

bool must_be_silent(const PortSnapshot &port) {
    return !port.link_up || !port.parameters.lacp_enabled || port.leaving ||
           (!port.actor.state.activity && !port.partner.state.activity);
}

template <class T> const T *event_of(const Event &event, PortNumber port) {
    const T *value = std::get_if<T>(&event);
    return value != nullptr && value->port == port ? value : nullptr;
}

uint64_t received(const PortCounters &c) {
    return c.lacpdus_rx + c.marker_pdus_rx + c.marker_response_pdus_rx + c.unknown_rx +
           c.illegal_rx;
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
    check_system();
    for (const PortSnapshot &port : snapshot_.ports)
        check_port(port, event);
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
    require(port->link_up || event_of<PortLeaving>(event, send.port) != nullptr,
            "a frame leaves no port without link", send.port);
    require(get_address(send.frame, 6) == port->address, "the source is the port's own address",
            send.port);
    const bool farewell = event_of<PortLeaving>(event, send.port) != nullptr;
    switch (classify(send.frame)) {
    case SlowProtocol::LACP: {
        record.last_sent = decode_lacpdu(send.frame);
        require(record.last_sent.has_value(), "what is sent is a LACPDU", send.port);
        ++record.sent_lacpdus;
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

// ---- what every step leaves behind

void Watch::check_system() {
    check_deadline();
    check_aggregators();
    const auto selected =
        std::count_if(snapshot_.ports.begin(), snapshot_.ports.end(),
                      [](const PortSnapshot &port) { return port.selected == Selected::SELECTED; });
    const uint16_t most = snapshot_.parameters.max_links;
    require(most == 0 || selected <= most, "no more ports are selected than max_links");
}

// A step leaves no work undone, and no timer that the states need is missing.
void Watch::check_deadline() {
    const std::optional<Time> deadline = system_.next_deadline();
    require(!deadline || now_ < *deadline, "the next deadline is in the future");
    const auto within = [&](Duration limit) { return deadline && *deadline - now_ <= limit; };
    for (const PortSnapshot &port : snapshot_.ports) {
        const PortNumber n = port.number;
        if (port.rx == RxState::EXPIRED)
            require(within(kShortTimeoutTime), "an expired port gives up hope in 3 s", n);
        if (port.rx == RxState::CURRENT)
            require(within(kLongTimeoutTime), "a partner that falls silent is noticed", n);
        if (port.periodic == PeriodicState::FAST_PERIODIC)
            require(within(kFastPeriodicTime), "a LACPDU is due in a second", n);
        if (port.periodic == PeriodicState::SLOW_PERIODIC)
            require(within(kSlowPeriodicTime), "a LACPDU is due in 30 s", n);
        if (port.mux == MuxState::WAITING && port.selected == Selected::SELECTED)
            require(within(kAggregateWaitTime), "waiting ends", n);
    }
}

void Watch::check_aggregators() {
    for (const PortSnapshot &a : snapshot_.ports)
        for (const PortSnapshot &b : snapshot_.ports)
            if (a.number < b.number && is_attached(a) && is_attached(b) &&
                a.aggregator == b.aggregator)
                require(has_same_lag_id(a, b), "ports of one Aggregator have one LAG ID", a.number);
}

void Watch::check_port(const PortSnapshot &port, const Event &event) {
    check_receive(port);
    check_mux(port);
    check_membership(port);
    check_told(port);
    check_sent(port, event);
    const PortSnapshot *before = this->before(port.number);
    if (before == nullptr || std::holds_alternative<PortAdded>(event)) return;
    check_move(*before, port);
    check_counters(*before, port, event);
}

void Watch::check_receive(const PortSnapshot &port) {
    const PortNumber n = port.number;
    using enum RxState;
    require(port.link_up == (port.rx != PORT_DISABLED), "a port without link is PORT_DISABLED", n);
    require(port.rx != INITIALIZE, "INITIALIZE is passed at once", n);
    if (port.link_up)
        require(port.parameters.lacp_enabled == (port.rx != LACP_DISABLED),
                "a port without LACP is LACP_DISABLED", n);
    if (port.link_up)
        require(port.actor.state.expired == (port.rx == EXPIRED), "Expired is told in EXPIRED", n);
    if (port.rx == CURRENT) require(!port.actor.state.defaulted, "a partner is known", n);
    if (port.rx == DEFAULTED || port.rx == LACP_DISABLED)
        require(port.actor.state.defaulted, "no partner is known", n);
    if (port.rx == EXPIRED || port.rx == PORT_DISABLED)
        require(!port.partner.state.synchronization, "a partner not heard is out of sync", n);
    require((port.periodic == PeriodicState::NO_PERIODIC) == must_be_silent(port),
            "LACPDUs are due exactly where somebody is to hear them", n);
    require(port.periodic != PeriodicState::PERIODIC_TX, "PERIODIC_TX is passed at once", n);
    if (port.periodic == PeriodicState::FAST_PERIODIC)
        require(port.partner.state.timeout, "the partner's timeout sets the rate", n);
    if (port.periodic == PeriodicState::SLOW_PERIODIC)
        require(!port.partner.state.timeout, "the partner's timeout sets the rate", n);
}

void Watch::check_mux(const PortSnapshot &port) {
    const PortNumber n = port.number;
    const State &state = port.actor.state;
    using enum MuxState;
    require(state.synchronization == is_attached(port), "in sync exactly when attached", n);
    require(state.collecting == (port.mux == COLLECTING || port.mux == DISTRIBUTING ||
                                 port.mux == COLLECTING_DISTRIBUTING),
            "Collecting is told in the states that collect", n);
    require(state.distributing == (port.mux == DISTRIBUTING || port.mux == COLLECTING_DISTRIBUTING),
            "Distributing is told in the states that distribute", n);
    if (port.selected == Selected::UNSELECTED)
        require(port.mux == DETACHED, "an UNSELECTED port is DETACHED", n);
    if (port.selected == Selected::STANDBY)
        require(port.mux == WAITING, "a STANDBY port is WAITING", n);
    if (port.selected == Selected::SELECTED) {
        require(port.mux != DETACHED, "a SELECTED port is on its way", n);
        require(port.aggregator == snapshot_.active_aggregator,
                "only ports of the active Aggregator are SELECTED", n);
    }
    if (port.selected != Selected::UNSELECTED)
        require(port.aggregator != 0, "a selected port has an Aggregator", n);
    if (port.parameters.drained)
        require(port.selected != Selected::SELECTED, "a drained port is not SELECTED", n);
    if (port.leaving || port.loopback)
        require(port.selected == Selected::UNSELECTED, "it is UNSELECTED, leaving or looped", n);
}

void Watch::check_membership(const PortSnapshot &port) {
    const PortNumber n = port.number;
    require(port.collecting || !port.distributing, "a distributing port is collecting", n);
    if (!port.collecting) return;
    require(port.link_up, "only a port with link collects", n);
    require(port.selected == Selected::SELECTED, "only a SELECTED port collects", n);
    require(port.aggregator == snapshot_.active_aggregator, "only the active Aggregator carries",
            n);
    require(port.actor.state.synchronization, "only a port in sync collects", n);
    require(port.partner.state.synchronization, "the partner is in sync as last recorded", n);
    require(!port.loopback, "a looped port carries nothing", n);
    require(!port.leaving, "a leaving port carries nothing", n);
    require(port.actor.state.collecting, "what collects is told as Collecting", n);
    const bool unheard = port.rx == RxState::DEFAULTED || port.rx == RxState::LACP_DISABLED;
    require(port.rx == RxState::CURRENT || unheard, "an EXPIRED port carries nothing", n);
    if (unheard)
        require(port.parameters.partner_admin.state.synchronization || snapshot_.fallback_active,
                "without a partner only Partner_Admin or fallback lets it carry", n);
    if (!port.distributing) return;
    require(port.actor.state.distributing, "what distributes is told as Distributing", n);
    if (port.mux == MuxState::DISTRIBUTING)
        require(port.partner.state.collecting, "the partner collects as last recorded", n);
}

void Watch::check_told(const PortSnapshot &port) {
    const PortNumber n = port.number;
    const Record &record = records_[n];
    require(record.collecting == port.collecting && record.distributing == port.distributing,
            "the membership told is the one in the snapshot", n);
    require(is_same(record.rx, to_text(port.rx)), "the rx state told is the one it has", n);
    require(is_same(record.mux, to_text(port.mux)), "the mux state told is the one it has", n);
    require(is_same(record.selected, to_text(port.selected)),
            "the selection told is the one it has", n);
    require(is_same(record.actor_churn, to_text(port.actor_churn)),
            "the actor churn told is the one it has", n);
    require(is_same(record.partner_churn, to_text(port.partner_churn)),
            "the partner churn told is the one it has", n);
}

void Watch::check_sent(const PortSnapshot &port, const Event &event) {
    const PortNumber n = port.number;
    const Record &record = records_[n];
    require(record.sent_lacpdus <= 1, "one LACPDU a step says it all", n);
    require(record.sent_responses == 0 || event_of<SlowFrameReceived>(event, n) != nullptr,
            "a Marker Response answers a frame", n);
    require(record.sent_responses <= 1, "a Marker is answered once", n);
    require(record.sent_markers <= (event_of<MarkerRequested>(event, n) != nullptr ? 1 : 0),
            "a Marker is sent when it is asked for", n);
    if (!record.last_sent) return;
    const bool farewell = event_of<PortLeaving>(event, n) != nullptr;
    require(farewell || port.periodic != PeriodicState::NO_PERIODIC,
            "a silent port sends no LACPDU", n);
    require(record.last_sent->actor == port.actor, "a LACPDU says what the Actor is", n);
    require(record.last_sent->partner == port.partner, "a LACPDU says what the Partner is", n);
}

void Watch::check_move(const PortSnapshot &before, const PortSnapshot &port) {
    if (before.aggregator != port.aggregator && before.actor.state.synchronization)
        require(records_[port.number].detached,
                "a port changes its Aggregator by way of DETACHED only", port.number);
    require(port.aggregator == before.aggregator || !port.actor.state.synchronization,
            "a port changes its Aggregator with Sync=0 only", port.number);
    require(before.address == port.address, "an address stays", port.number);
}

void Watch::check_counters(const PortSnapshot &before, const PortSnapshot &port,
                           const Event &event) {
    const PortNumber n = port.number;
    const Record &record = records_[n];
    const PortCounters &a = before.counters;
    const PortCounters &b = port.counters;
    require(b.lacpdus_tx - a.lacpdus_tx == record.sent_lacpdus, "LACPDUs sent are counted", n);
    require(b.marker_pdus_tx - a.marker_pdus_tx == record.sent_markers, "Markers are counted", n);
    require(b.marker_response_pdus_tx - a.marker_response_pdus_tx == record.sent_responses,
            "Marker Responses are counted", n);
    const bool came = event_of<SlowFrameReceived>(event, n) != nullptr;
    require(received(b) - received(a) == (came ? 1 : 0), "a frame received counts once", n);
}

} // namespace lagg::sim
