// Mux machine (802.1AX-2014 6.4.15, Figures 6-21 and 6-22): attaches a port to its Aggregator and
// opens it for traffic when both ends agree.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp::mux_machine {

/// Independent control opens the two directions one after the other, coupled control together.
enum class Control { INDEPENDENT, COUPLED };

/// `ready`: every port that waits for this port's Aggregator is ready_n (6.4.14).
Next<MuxState> next(const AggregationPort &port, Control control, bool ready);
void enter(AggregationPort &port, MuxState state, Time now);

/// ready_n becomes true when wait_while_timer expires. Returns whether it just did.
bool run_wait_while(AggregationPort &port, Time now);

} // namespace lagg::lacp::mux_machine
