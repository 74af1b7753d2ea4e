// A flow in an operator's words to the key that a worker would read out of its frames.
#pragma once

#include "control/api/snapshot.hh"
#include "dataplane/base/result.hh"
#include "dataplane/frame/flow_key.hh"

namespace lagg::aggregation {

/// The key of an unfragmented, untunnelled frame of the flow. TCP is assumed where there are ports
/// and no protocol, ESP where there is an SPI alone; an SPI beside another protocol is that of an AH
/// in front of it. The error names what is wrong or contradicts.
Result<frame::FlowKey> asked_flow(const api::FlowQuestion &question);

} // namespace lagg::aggregation
