// Snapshot structs to JSON and back. Keys are the field names; unknown keys are ignored on reading,
// so that a newer daemon can serve an older client.
#pragma once

#include "control/api/snapshot.hh"

#include <nlohmann/json_fwd.hpp>

namespace lagg::api {

void to_json(nlohmann::json &json, const Status &status);
void from_json(const nlohmann::json &json, Status &status);
void to_json(nlohmann::json &json, const Lagg &lagg);
void from_json(const nlohmann::json &json, Lagg &lagg);
void to_json(nlohmann::json &json, const PortHistory &history);
void from_json(const nlohmann::json &json, PortHistory &history);
void to_json(nlohmann::json &json, const ExtendedCounters &counters);
void from_json(const nlohmann::json &json, ExtendedCounters &counters);
void to_json(nlohmann::json &json, const FlowQuestion &question);
void from_json(const nlohmann::json &json, FlowQuestion &question);
void to_json(nlohmann::json &json, const FlowAnswer &answer);
void from_json(const nlohmann::json &json, FlowAnswer &answer);

} // namespace lagg::api
