// Churn Detection machines (802.1AX-2014 6.4.17, Figures 6-23 and 6-24): has one end failed to get
// in sync for a minute? The Actor's and the Partner's machine are the same figure.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp::churn_machine {

/// What a machine looks at.
struct Inputs {
    bool held = false;            ///< there is nothing to wait for: MONITOR, timer stopped
    bool synchronization = false; ///< of the Actor or of the Partner
    Duration detection_time = kChurnDetectionTime;
};
Inputs actor_inputs(const AggregationPort &port);
Inputs partner_inputs(const AggregationPort &port);

Next<ChurnState> next(const Churn &churn, Inputs inputs, Time now);
void enter(Churn &churn, ChurnState state, Inputs inputs, Time now);

} // namespace lagg::lacp::churn_machine
