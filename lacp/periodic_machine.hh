// Periodic Transmission machine (802.1AX-2014 6.4.13, Figure 6-19): how often to speak unasked.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp::periodic_machine {

/// Nobody is to be spoken to: no LACP, no link, or no end that is active.
bool must_be_silent(const AggregationPort &port);

Next<PeriodicState> next(const AggregationPort &port, Time now);
void enter(AggregationPort &port, PeriodicState state, Time now);

} // namespace lagg::lacp::periodic_machine
