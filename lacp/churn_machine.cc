// Churn Detection machines (802.1AX-2014 6.4.17, Figures 6-23 and 6-24).
//
// The figures hold the machine in MONITOR while the port is disabled. It is held likewise where no
// agreement is sought: without LACP, on a leaving port, and on a STANDBY port, which is out of sync
// by intention, as its partner may be; reporting a fault there would hide the real ones.
#include "lacp/churn_machine.hh"

#include <cassert>

namespace lagg::lacp::churn_machine {

namespace {

bool is_idle(const AggregationPort &port) {
    return !port.port_enabled || !port.parameters.lacp_enabled || port.leaving ||
           port.selected == Selected::STANDBY;
}

} // namespace

Inputs actor_inputs(const AggregationPort &port) {
    return {.held = is_idle(port), .synchronization = port.actor.state.synchronization};
}

Inputs partner_inputs(const AggregationPort &port) {
    return {.held = is_idle(port), .synchronization = port.partner.state.synchronization};
}

Next<ChurnState> next(const Churn &churn, Inputs inputs, Time now) {
    using enum ChurnState;
    if (inputs.held) {
        if (churn.state == MONITOR && !churn.timer.is_running()) return {};
        return {{MONITOR, "no agreement is sought"}};
    }
    switch (churn.state) {
    case MONITOR:
        if (inputs.synchronization) return {{NO_CHURN, "in sync"}};
        if (!churn.timer.is_running()) return {{MONITOR, "agreement is sought"}};
        if (churn.timer.is_expired(now)) return {{CHURN, "out of sync for too long"}};
        return {};
    case NO_CHURN:
        if (!inputs.synchronization) return {{MONITOR, "out of sync"}};
        return {};
    case CHURN:
        if (inputs.synchronization) return {{NO_CHURN, "in sync"}};
        return {};
    }
    assert(false);
    return {};
}

void enter(Churn &churn, ChurnState state, Inputs inputs, Time now) {
    churn.state = state;
    churn.timer.stop();
    if (state == ChurnState::MONITOR && !inputs.held) churn.timer.start(now, inputs.detection_time);
    if (state == ChurnState::CHURN) ++churn.count;
}

} // namespace lagg::lacp::churn_machine
