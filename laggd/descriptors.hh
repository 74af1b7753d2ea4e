// Room for all files that a configuration opens.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/result.hh"

namespace lagg::daemon {

/// Raises the process's limit of open files to what the configuration and the API's clients need,
/// where it is lower. The error says how many that are, and what the limit is.
Result<void> make_room_for_files(const config::Config &config);

} // namespace lagg::daemon
