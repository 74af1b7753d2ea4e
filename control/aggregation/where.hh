// "Where does this flow go?": under the lagg's own policy, and under every other for comparison.
#pragma once

#include "control/aggregation/aggregate.hh"
#include "control/api/snapshot.hh"
#include "dataplane/frame/flow_key.hh"

namespace lagg::aggregation {

/// Computed by the functions and from the table that the workers use; sends nothing and changes
/// nothing.
api::FlowAnswer where_goes(const Aggregate &aggregate, const frame::FlowKey &key);

} // namespace lagg::aggregation
