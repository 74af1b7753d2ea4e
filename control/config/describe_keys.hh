// The keys for other programs: a list with everything that is known of each, and a JSON Schema that
// editors complete and check lagg.toml with.
#pragma once

#include "control/config/row.hh"

#include <string>

namespace lagg::config {

/// JSON: an array with an object for each key, in the order of the rows, a table before its keys.
/// `path` is "lagg.lacp.max_links".
std::string describe_rows(const Rows &rows);
/// JSON Schema, draft 7. Rules between keys are not in it.
std::string schema_of_rows(const Rows &rows);

/// The same of lagg.toml.
std::string describe_config();
std::string config_schema();

/// Words are taken in any case: "speed" as a pattern is "[Ss][Pp][Ee][Ee][Dd]".
std::string any_case(const std::string &word);

} // namespace lagg::config
