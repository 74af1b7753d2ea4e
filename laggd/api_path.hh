// Where the API listens.
#pragma once

#include "dataplane/base/result.hh"

#include <string>

namespace lagg::daemon {

/// The configured path where this user may write there. An ordinary user has no /run/lagg and gets
/// a private place below XDG_RUNTIME_DIR or /tmp, which is logged. The error names both places.
Result<std::string> usable_api_path(const std::string &configured);

} // namespace lagg::daemon
