// Mux machine (802.1AX-2014 6.4.15, Figure 6-21 independent control, Figure 6-22 coupled control).
//
// DISTRIBUTING sets ntt, which the figures leave out, so that an observer of the wire sees the
// final state without waiting a period. When the kind of control changes under a port that carries
// traffic, the port passes through ATTACHED, the last state both figures share.
#include "lacp/mux_machine.hh"

#include <cassert>

namespace lagg::lacp::mux_machine {

namespace {

/// Why a port that was open must close, from the most to the least telling.
const char *closing_reason(const AggregationPort &port) {
    if (port.selected != Selected::SELECTED) return port.selected_reason;
    if (port.rx == RxState::EXPIRED) return "no LACPDU in time";
    if (port.rx == RxState::PORT_DISABLED) return "link is down";
    return "partner is out of sync";
}

Next<MuxState> next_from_waiting(const AggregationPort &port, bool ready) {
    if (port.selected == Selected::UNSELECTED) return {{MuxState::DETACHED, port.selected_reason}};
    if (port.selected == Selected::SELECTED && ready) return {{MuxState::ATTACHED, "ready"}};
    return {};
}

Next<MuxState> next_from_attached(const AggregationPort &port, Control control) {
    if (port.selected != Selected::SELECTED) return {{MuxState::DETACHED, port.selected_reason}};
    if (!port.partner.state.synchronization) return {};
    if (control == Control::COUPLED) {
        return {{MuxState::COLLECTING_DISTRIBUTING, "partner is in sync"}};
    }
    return {{MuxState::COLLECTING, "partner is in sync"}};
}

bool must_close(const AggregationPort &port) {
    return port.selected != Selected::SELECTED || !port.partner.state.synchronization;
}

Next<MuxState> next_from_collecting(const AggregationPort &port, Control control) {
    if (must_close(port)) return {{MuxState::ATTACHED, closing_reason(port)}};
    if (control == Control::COUPLED) return {{MuxState::ATTACHED, "control is coupled now"}};
    if (port.partner.state.collecting) return {{MuxState::DISTRIBUTING, "partner is collecting"}};
    return {};
}

Next<MuxState> next_from_distributing(const AggregationPort &port, Control control) {
    if (must_close(port)) return {{MuxState::COLLECTING, closing_reason(port)}};
    if (control == Control::COUPLED) return {{MuxState::COLLECTING, "control is coupled now"}};
    if (!port.partner.state.collecting) {
        return {{MuxState::COLLECTING, "partner stopped collecting"}};
    }
    return {};
}

Next<MuxState> next_from_coupled(const AggregationPort &port, Control control) {
    if (must_close(port)) return {{MuxState::ATTACHED, closing_reason(port)}};
    if (control == Control::INDEPENDENT)
        return {{MuxState::ATTACHED, "control is independent now"}};
    return {};
}

/// Sync, Collecting and Distributing of the Actor: what the dataplane obeys and the partner reads.
void tell(AggregationPort &port, bool synchronization, bool collecting, bool distributing) {
    port.actor.state.synchronization = synchronization;
    port.actor.state.collecting = collecting;
    port.actor.state.distributing = distributing;
    port.ntt = true;
}

} // namespace

Next<MuxState> next(const AggregationPort &port, Control control, bool ready) {
    switch (port.mux) {
    case MuxState::DETACHED:
        if (port.selected == Selected::UNSELECTED) return {};
        return {{MuxState::WAITING, port.selected_reason}};
    case MuxState::WAITING: return next_from_waiting(port, ready);
    case MuxState::ATTACHED: return next_from_attached(port, control);
    case MuxState::COLLECTING: return next_from_collecting(port, control);
    case MuxState::DISTRIBUTING: return next_from_distributing(port, control);
    case MuxState::COLLECTING_DISTRIBUTING: return next_from_coupled(port, control);
    }
    assert(false);
    return {};
}

void enter(AggregationPort &port, MuxState state, Time now) {
    port.mux = state;
    port.wait_while_timer.stop();
    switch (state) {
    case MuxState::DETACHED:
        if (port.selected == Selected::UNSELECTED) port.aggregator = 0;
        port.ready_n = false;
        return tell(port, false, false, false);
    case MuxState::WAITING: return port.wait_while_timer.start(now, kAggregateWaitTime);
    case MuxState::ATTACHED: return tell(port, true, false, false);
    case MuxState::COLLECTING: return tell(port, true, true, false);
    case MuxState::DISTRIBUTING:
    case MuxState::COLLECTING_DISTRIBUTING: return tell(port, true, true, true);
    }
    assert(false);
}

bool run_wait_while(AggregationPort &port, Time now) {
    if (!port.wait_while_timer.is_expired(now)) return false;
    assert(port.mux == MuxState::WAITING);
    port.wait_while_timer.stop();
    port.ready_n = true;
    return true;
}

} // namespace lagg::lacp::mux_machine
