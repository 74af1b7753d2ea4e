// What each event does to the variables, and the face of the core. The machines run in settle.cc.
#include "lacp/system.hh"

#include "lacp/marker.hh"
#include "lacp/periodic_machine.hh"
#include "lacp/receive_machine.hh"
#include "lacp/system_impl.hh"
#include "lacp/text.hh"
#include "lacp/transmit_machine.hh"

#include <algorithm>
#include <cassert>

namespace lagg::lacp {

AggregationPort *System::Impl::find(PortNumber number) {
    if (number == 0) return nullptr;
    const auto port = std::find_if(ports.begin(), ports.end(), [number](const AggregationPort &p) {
        return p.number == number;
    });
    return port == ports.end() ? nullptr : &*port;
}

System::Impl::Told &System::Impl::told_of(const AggregationPort &port) {
    return told[static_cast<size_t>(&port - ports.data())];
}

void System::Impl::handle(const PortAdded &event) {
    assert(event.port != 0);
    assert(find(event.port) == nullptr);
    const auto place = std::find_if(ports.begin(), ports.end(),
                                    [](const AggregationPort &p) { return !p.is_used(); });
    assert(place != ports.end());
    *place = AggregationPort{};
    told_of(*place) = Told{};
    place->number = event.port;
    place->address = event.address;
    place->parameters = event.parameters;
    place->last_change = now;
    refresh_actor(*place);
    place->partner_admin = partner_admin(place->parameters);
    receive_machine::enter(*place, RxState::INITIALIZE, now);
}

void System::Impl::handle(const PortRemoved &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr) return;
    port->select(Selected::UNSELECTED, "port is removed");
    report_membership(*port);
    report_selected(*port);
    *port = AggregationPort{};
    told_of(*port) = Told{};
}

// The port detaches first and speaks last, so that its last LACPDU says it all.
void System::Impl::handle(const PortLeaving &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr || port->leaving) return;
    const bool has_listener = is_heard(*port);
    port->leaving = true;
    port->select(Selected::UNSELECTED, "port is leaving");
    settle();
    if (has_listener) farewell(*port);
}

void System::Impl::handle(const PortReturning &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr || !port->leaving) return;
    port->leaving = false;
    port->ntt = true;
}

void System::Impl::handle(const PortParametersChanged &event) {
    change_parameters(std::span(&event, 1));
}

// Every port has its values before any of them says a word, and falling silent speaks.
void System::Impl::change_parameters(std::span<const PortParametersChanged> changes) {
    std::array<bool, kMaxPorts> had_listener{};
    for (const PortParametersChanged &change : changes) {
        AggregationPort *port = find(change.port);
        if (port == nullptr) continue;
        had_listener[static_cast<size_t>(port - ports.data())] = is_heard(*port);
        port->parameters = change.parameters;
    }
    for (AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        refresh_actor(port);
        refresh_partner_admin(port);
    }
    for (AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        const bool falls_silent = had_listener[static_cast<size_t>(&port - ports.data())] &&
                                  periodic_machine::must_be_silent(port);
        if (falls_silent && port.told_sync) fall_silent(port);
        report_selected(port);
    }
}

// 6.4.16 lets a port without periodic transmission say nothing, and a partner that is not told goes
// on sending until its timeout, up to 90 s. So the port detaches and says so before it is silent.
void System::Impl::fall_silent(AggregationPort &port) {
    port.select(Selected::UNSELECTED, "port falls silent");
    port.partner.state.synchronization = false;
    settle();
    farewell(port);
}

void System::Impl::handle(const SystemParametersChanged &event) {
    const bool new_delay = parameters.collector_max_delay != event.parameters.collector_max_delay;
    parameters = event.parameters;
    change_parameters(event.ports);
    if (!new_delay) return;
    for (AggregationPort &port : ports)
        if (port.is_used()) port.ntt = true;
}

// Duplex and speed of a link that is down mean nothing; keeping the old ones keeps the selection.
void System::Impl::handle(const LinkChanged &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr) return;
    port->port_enabled = event.up;
    if (!event.up) return;
    port->full_duplex = event.full_duplex;
    port->speed_mbps = event.speed_mbps;
    refresh_actor(*port);
    report_selected(*port);
}

void System::Impl::handle(const SlowFrameReceived &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr) return;
    switch (classify(event.frame)) {
    case SlowProtocol::LACP: return receive_lacpdu(*port, event.frame);
    case SlowProtocol::MARKER: return receive_marker(*port, event.frame);
    case SlowProtocol::UNKNOWN: ++port->counters.unknown_rx; return;
    case SlowProtocol::ILLEGAL: ++port->counters.illegal_rx; return;
    }
    assert(false);
}

void System::Impl::receive_lacpdu(AggregationPort &port, std::span<const uint8_t> frame) {
    const std::optional<Lacpdu> pdu = decode_lacpdu(frame);
    if (!pdu) {
        ++port.counters.illegal_rx;
        return;
    }
    ++port.counters.lacpdus_rx;
    port.last_lacpdu_rx = now;
    port.received = pdu;
}

void System::Impl::receive_marker(AggregationPort &port, std::span<const uint8_t> frame) {
    const std::optional<MarkerPdu> pdu = decode_marker(frame);
    if (!pdu) {
        ++port.counters.illegal_rx;
        return;
    }
    ++(pdu->response ? port.counters.marker_response_pdus_rx : port.counters.marker_pdus_rx);
    // A Response that names another System or port is some other's, or a mirror's.
    const bool is_mine =
        pdu->requester_system == parameters.system.address && pdu->requester_port == port.number;
    if (pdu->response && is_mine) sink->on_action(MarkerAnswered{port.number, pdu->transaction_id});
    const std::optional<MarkerPdu> response = respond(*pdu);
    if (!response || !port.port_enabled || port.leaving) return;
    if (!port.marker_limit.allows(now)) return;
    port.marker_limit.note(now);
    ++port.counters.marker_response_pdus_tx;
    sink->on_action(SendFrame{port.number, encode(*response, port.address)});
}

void System::Impl::handle(const MarkerRequested &event) {
    AggregationPort *port = find(event.port);
    if (port == nullptr || !port->port_enabled || port->leaving) return;
    if (!port->marker_limit.allows(now)) return;
    port->marker_limit.note(now);
    const MarkerPdu marker{false, port->number, parameters.system.address, event.transaction_id};
    ++port->counters.marker_pdus_tx;
    sink->on_action(SendFrame{port->number, encode(marker, port->address)});
}

void System::Impl::refresh_actor(AggregationPort &port) {
    PortInformation actor = port.actor;
    actor.system = parameters.system;
    actor.key = port.parameters.key;
    actor.port = {port.parameters.port_priority, port.number};
    actor.state.activity = port.parameters.active;
    actor.state.timeout = port.parameters.short_timeout;
    actor.state.aggregation = port.parameters.aggregatable && port.full_duplex;
    if (actor == port.actor) return;

    const bool same_identity = actor.system == port.actor.system && actor.key == port.actor.key &&
                               actor.port == port.actor.port &&
                               actor.state.aggregation == port.actor.state.aggregation;
    const bool lengthened = port.actor.state.timeout && !actor.state.timeout;
    port.actor = actor;
    port.ntt = true;
    if (lengthened) receive_machine::lengthen_timeout(port, now);
    if (same_identity) return;
    port.select(Selected::UNSELECTED, "our parameters changed");
    // What the partner agreed to was somebody else. Partner_Admin, though, agrees to anybody.
    if (!actor.state.defaulted) port.partner.state.synchronization = false;
}

PortInformation System::Impl::partner_admin(const PortParameters &port) const {
    PortInformation configured = port.partner_admin;
    // A port whose LACP is off waits for nobody, so the silence there is no reason to fall back.
    if (!fallback_active || !port.lacp_enabled) return configured;
    configured.state.aggregation = parameters.fallback == Fallback::STATIC;
    configured.state.synchronization = true;
    configured.state.collecting = true;
    configured.state.distributing = true;
    return configured;
}

void System::Impl::refresh_partner_admin(AggregationPort &port) {
    const PortInformation values = partner_admin(port.parameters);
    if (values == port.partner_admin) return;
    port.partner_admin = values;
    const bool lives_on_default =
        port.rx == RxState::DEFAULTED || port.rx == RxState::LACP_DISABLED;
    if (lives_on_default) receive_machine::enter(port, port.rx, now);
    report_selected(port);
}

std::optional<Time> System::Impl::next_deadline() const {
    std::optional<Time> earliest;
    const auto consider = [&earliest](std::optional<Time> time) {
        if (time && (!earliest || *time < *earliest)) earliest = time;
    };
    consider(fallback_timer.expiry());
    for (const AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        consider(port.current_while_timer.expiry());
        consider(port.periodic_timer.expiry());
        consider(port.wait_while_timer.expiry());
        consider(port.attitude_timer.expiry());
        consider(port.offer_timer.expiry());
        consider(port.restore_timer.expiry());
        consider(port.actor_churn.timer.expiry());
        consider(port.partner_churn.timer.expiry());
        consider(transmit_machine::deadline(port, now));
    }
    return earliest;
}

PortSnapshot System::Impl::snapshot(const AggregationPort &port) const {
    const Told &told_port = told[static_cast<size_t>(&port - ports.data())];
    PortSnapshot s;
    s.number = port.number;
    s.address = port.address;
    s.parameters = port.parameters;
    s.link_up = port.port_enabled;
    s.leaving = port.leaving;
    s.rx = port.rx;
    s.periodic = port.periodic;
    s.mux = port.mux;
    s.selected = port.selected;
    s.actor_churn = port.actor_churn.state;
    s.partner_churn = port.partner_churn.state;
    s.actor_churn_count = port.actor_churn.count;
    s.partner_churn_count = port.partner_churn.count;
    s.actor = port.actor;
    s.partner = port.partner;
    s.aggregator = port.aggregator;
    s.waiting_to_restore = port.failed;
    s.loopback = port.is_looped();
    s.collecting = told_port.collecting;
    s.distributing = told_port.distributing;
    s.counters = port.counters;
    s.last_lacpdu_rx = port.last_lacpdu_rx;
    s.last_lacpdu_tx = port.last_lacpdu_tx;
    s.last_change = port.last_change;
    s.last_change_reason = port.last_change_reason;
    return s;
}

System::System(const SystemParameters &parameters, Time now)
    : impl_(std::make_unique<Impl>(parameters, now)) {}
System::~System() = default;
System::System(System &&) noexcept = default;
System &System::operator=(System &&) noexcept = default;

void System::step(Time now, const Event &event, ActionSink &sink) {
    assert(impl_->now <= now);
    impl_->now = now;
    impl_->sink = &sink;
    std::visit([this](const auto &e) { impl_->handle(e); }, event);
    impl_->settle();
    impl_->sink = nullptr;
    assert(!next_deadline() || now < *next_deadline());
}

std::optional<Time> System::next_deadline() const {
    return impl_->next_deadline();
}

SystemSnapshot System::snapshot() const {
    SystemSnapshot s;
    s.parameters = impl_->parameters;
    s.active_aggregator = impl_->active;
    s.fallback_active = impl_->fallback_active;
    for (const AggregationPort &port : impl_->ports) {
        if (port.is_used()) s.ports.push_back(impl_->snapshot(port));
    }
    std::sort(s.ports.begin(), s.ports.end(),
              [](const PortSnapshot &a, const PortSnapshot &b) { return a.number < b.number; });
    return s;
}

} // namespace lagg::lacp
