// A lagg as an observer sees it.
#pragma once

#include "control/aggregation/aggregate.hh"
#include "control/api/snapshot.hh"
#include "dataplane/worker/fleet.hh"

namespace lagg::aggregation {

api::Rebalance describe_rebalance(const Aggregate &aggregate, lacp::Time now);
api::Lagg describe(const Aggregate &aggregate, const worker::Fleet &fleet, lacp::Time now);

} // namespace lagg::aggregation
