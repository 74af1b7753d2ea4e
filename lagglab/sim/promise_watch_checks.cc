// The promises that a Watch checks: what must hold of a System after any step.
#include "lagglab/sim/promise_watch.hh"

#include "lacp/text.hh"

#include <algorithm>

namespace lagg::sim {

using namespace lacp;

namespace {

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

uint64_t received(const PortCounters &c) {
    return c.lacpdus_rx + c.marker_pdus_rx + c.marker_response_pdus_rx + c.unknown_rx +
           c.illegal_rx;
}

} // namespace

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
            require(within(kFastPeriodicTime), "an LACPDU is due in a second", n);
        if (port.periodic == PeriodicState::SLOW_PERIODIC)
            require(within(kSlowPeriodicTime), "an LACPDU is due in 30 s", n);
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
    require(may_be_farewell(port, event) || port.periodic != PeriodicState::NO_PERIODIC,
            "a silent port sends no LACPDU", n);
    require(record.last_sent->actor == port.actor, "an LACPDU says what the Actor is", n);
    require(record.last_sent->partner == port.partner, "an LACPDU says what the Partner is", n);
}

// Else the partner would send into a closed port until its timeout. A partner that was given up in
// the same step has been told that the port expired.
void Watch::check_silence(const PortSnapshot &port, const Event &event) {
    const PortSnapshot *before = this->before(port.number);
    if (before == nullptr || before->periodic == PeriodicState::NO_PERIODIC) return;
    if (!may_be_farewell(port, event)) return;
    require(!records_[port.number].told_sync, "a port is out of sync in its last LACPDU",
            port.number);
}

// A configuration that says the same as before must not cost anybody an LACPDU.
void Watch::check_idle_change(const Event &event, bool was_due) {
    bool nothing_new = false;
    if (const auto *change = std::get_if<PortParametersChanged>(&event)) {
        const PortSnapshot *before = this->before(change->port);
        nothing_new = before == nullptr || before->parameters == change->parameters;
    }
    if (const auto *change = std::get_if<SystemParametersChanged>(&event))
        nothing_new = before_.parameters == change->parameters;
    require(!nothing_new || was_due || actions_.empty(), "a change of nothing does nothing");
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
