// A client's question about a flow, out of the body of its request.
#pragma once

#include "control/api/snapshot.hh"
#include "dataplane/base/result.hh"

#include <nlohmann/json_fwd.hpp>

namespace lagg::api {

/// Values are strings or numbers that are not negative; null is as if absent. A key that is not
/// known is an error, because an answer without regard to it would be about another flow.
Result<FlowQuestion> flow_question(const nlohmann::json &body);

} // namespace lagg::api
