// Periodic Transmission machine (802.1AX-2014 6.4.13, Figure 6-19).
//
// The rate follows the *partner's* Timeout bit: it is the partner who would time out. The own bit
// only asks the partner for its rate.
#include "lacp/periodic_machine.hh"

#include <cassert>

namespace lagg::lacp::periodic_machine {

bool must_be_silent(const AggregationPort &port) {
    return !port.parameters.lacp_enabled || !port.port_enabled || port.leaving ||
           port.is_both_passive();
}

Next<PeriodicState> next(const AggregationPort &port, Time now) {
    using enum PeriodicState;
    if (must_be_silent(port)) {
        if (port.periodic == NO_PERIODIC) return {};
        return {{NO_PERIODIC, "nothing to maintain"}};
    }
    const bool expired = port.periodic_timer.is_expired(now);
    const bool partner_short = port.partner.state.timeout;
    switch (port.periodic) {
    case NO_PERIODIC: return {{FAST_PERIODIC, "partner to be maintained"}};
    case FAST_PERIODIC:
        if (expired) return {{PERIODIC_TX, "1 s passed"}};
        if (!partner_short) return {{SLOW_PERIODIC, "partner has the long timeout"}};
        return {};
    case SLOW_PERIODIC:
        if (expired) return {{PERIODIC_TX, "30 s passed"}};
        if (partner_short) return {{PERIODIC_TX, "partner has the short timeout"}};
        return {};
    case PERIODIC_TX:
        return {{partner_short ? FAST_PERIODIC : SLOW_PERIODIC, "LACPDU is under way"}};
    }
    assert(false);
    return {};
}

// A late caller starts the next period when it comes, so missed periods are not made up for.
void enter(AggregationPort &port, PeriodicState state, Time now) {
    port.periodic = state;
    switch (state) {
    case PeriodicState::NO_PERIODIC: return port.periodic_timer.stop();
    case PeriodicState::FAST_PERIODIC: return port.periodic_timer.start(now, kFastPeriodicTime);
    case PeriodicState::SLOW_PERIODIC: return port.periodic_timer.start(now, kSlowPeriodicTime);
    case PeriodicState::PERIODIC_TX:
        port.periodic_timer.stop();
        port.ntt = true;
        return;
    }
    assert(false);
}

} // namespace lagg::lacp::periodic_machine
