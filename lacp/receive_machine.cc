// Receive machine (802.1AX-2014 6.4.12, Figure 6-18).
//
// Where the editions differ: EXPIRED sets ntt (corrigendum 1), so that a link that comes up is
// announced at once; record_default takes the partner's Sync from Partner_Admin, because assuming
// it TRUE would let a port send to a partner nobody configured or heard.
#include "lacp/receive_machine.hh"

#include <cassert>

namespace lagg::lacp::receive_machine {

namespace {

/// The fields by which one end recognises the other; the rest of the state octet is mood.
bool is_same_identity(const PortInformation &a, const PortInformation &b) {
    return a.system == b.system && a.key == b.key && a.port == b.port &&
           a.state.aggregation == b.state.aggregation;
}

/// The partner means this port, or it is Individual and asks for no agreement.
bool is_agreed(const AggregationPort &port, const Lacpdu &pdu) {
    return is_same_identity(pdu.partner, port.actor) || !pdu.actor.state.aggregation;
}

/// Somebody keeps LACPDUs coming, so that the loss of the link would be noticed.
bool is_actively_maintained(const AggregationPort &port, const Lacpdu &pdu) {
    return pdu.actor.state.activity || (port.actor.state.activity && pdu.partner.state.activity);
}

void record_pdu(AggregationPort &port, const Lacpdu &pdu) {
    port.partner = pdu.actor;
    port.partner.state.synchronization = pdu.actor.state.synchronization && is_agreed(port, pdu) &&
                                         is_actively_maintained(port, pdu);
    port.actor.state.defaulted = false;
}

void record_default(AggregationPort &port) {
    port.partner = port.partner_admin;
    port.actor.state.defaulted = true;
}

void update_selected(AggregationPort &port, const Lacpdu &pdu) {
    if (is_same_identity(pdu.actor, port.partner)) return;
    port.select(Selected::UNSELECTED, "partner is another");
}

void update_default_selected(AggregationPort &port) {
    if (is_same_identity(port.partner_admin, port.partner)) return;
    port.select(Selected::UNSELECTED, "partner is lost");
}

/// Collecting, Distributing, Defaulted and Expired are not compared: two ends that answered each
/// other's every change of those would make a storm.
void update_ntt(AggregationPort &port, const Lacpdu &pdu) {
    const State &told = pdu.partner.state;
    const State &mine = port.actor.state;
    const bool knows_me = is_same_identity(pdu.partner, port.actor) &&
                          told.activity == mine.activity && told.timeout == mine.timeout &&
                          told.synchronization == mine.synchronization;
    if (!knows_me) port.ntt = true;
}

Duration timeout_time(const AggregationPort &port) {
    return port.actor.state.timeout ? kShortTimeoutTime : kLongTimeoutTime;
}

void enter_initialize(AggregationPort &port) {
    port.select(Selected::UNSELECTED, port.port_moved ? "partner moved to another port" : "begin");
    record_default(port);
    port.actor.state.expired = false;
    port.port_moved = false;
    port.current_while_timer.stop();
}

/// Selected and the partner's identity stay: after a short outage nothing need be negotiated anew.
void enter_port_disabled(AggregationPort &port) {
    port.partner.state.synchronization = false;
    port.current_while_timer.stop();
}

void enter_expired(AggregationPort &port, Time now) {
    port.partner.state.synchronization = false;
    port.partner.state.timeout = true;
    port.current_while_timer.start(now, kShortTimeoutTime);
    port.actor.state.expired = true;
    port.ntt = true;
}

void enter_lacp_disabled(AggregationPort &port) {
    port.select(Selected::UNSELECTED, "LACP is disabled");
    record_default(port);
    port.partner.state.aggregation = false;
    port.actor.state.expired = false;
    port.current_while_timer.stop();
}

void enter_defaulted(AggregationPort &port) {
    update_default_selected(port);
    record_default(port);
    port.actor.state.expired = false;
    port.current_while_timer.stop();
}

void enter_current(AggregationPort &port, Time now) {
    assert(port.received.has_value());
    const Lacpdu pdu = *port.received;
    port.received.reset();
    update_selected(port, pdu);
    update_ntt(port, pdu);
    record_pdu(port, pdu);
    port.current_while_timer.start(now, timeout_time(port));
    port.actor.state.expired = false;
}

} // namespace

Next<RxState> next(const AggregationPort &port, Time now) {
    using enum RxState;
    if (!port.port_enabled && !port.port_moved && port.rx != PORT_DISABLED) {
        return {{PORT_DISABLED, "link is down"}};
    }
    const bool expired = port.current_while_timer.is_expired(now);
    switch (port.rx) {
    case INITIALIZE: return {{PORT_DISABLED, "begin"}};
    case PORT_DISABLED:
        if (port.port_moved) return {{INITIALIZE, "partner moved to another port"}};
        if (!port.port_enabled) return {};
        if (port.parameters.lacp_enabled) return {{EXPIRED, "link is up"}};
        return {{LACP_DISABLED, "LACP is disabled"}};
    case LACP_DISABLED:
        if (port.parameters.lacp_enabled) return {{PORT_DISABLED, "LACP is enabled"}};
        return {};
    case EXPIRED:
    case DEFAULTED:
    case CURRENT: break;
    }
    if (!port.parameters.lacp_enabled) return {{PORT_DISABLED, "LACP is disabled"}};
    // A LACPDU that waited while the caller was late still proves the partner alive.
    if (port.received) return {{CURRENT, "LACPDU received"}};
    if (port.rx == EXPIRED && expired) return {{DEFAULTED, "no LACPDU for another 3 s"}};
    if (port.rx == CURRENT && expired) return {{EXPIRED, "no LACPDU in time"}};
    return {};
}

void enter(AggregationPort &port, RxState state, Time now) {
    port.rx = state;
    switch (state) {
    case RxState::INITIALIZE: return enter_initialize(port);
    case RxState::PORT_DISABLED: return enter_port_disabled(port);
    case RxState::EXPIRED: return enter_expired(port, now);
    case RxState::LACP_DISABLED: return enter_lacp_disabled(port);
    case RxState::DEFAULTED: return enter_defaulted(port);
    case RxState::CURRENT: return enter_current(port, now);
    }
    assert(false);
}

void lengthen_timeout(AggregationPort &port, Time now) {
    if (port.rx != RxState::CURRENT || port.current_while_timer.is_expired(now)) return;
    assert(port.last_lacpdu_rx.has_value());
    port.current_while_timer.start(*port.last_lacpdu_rx, kLongTimeoutTime);
}

} // namespace lagg::lacp::receive_machine
