// Receive machine (802.1AX-2014 6.4.12, Figure 6-18): what is believed of the partner, and until
// when.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp::receive_machine {

/// The arrow open at `now`. CURRENT may lead to itself: every LACPDU enters it again.
Next<RxState> next(const AggregationPort &port, Time now);

/// The box of `state`. CURRENT takes the LACPDU out of port.received.
void enter(AggregationPort &port, RxState state, Time now);

/// The Actor's timeout became the long one. A partner that is told so need not speak for 30 s, so
/// the LACPDU received last counts for the long time already.
void lengthen_timeout(AggregationPort &port, Time now);

} // namespace lagg::lacp::receive_machine
