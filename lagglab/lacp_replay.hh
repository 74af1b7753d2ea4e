// A recording of laggd played again.
#pragma once

#include <string>

namespace lagg::lab {

/// Prints the transcript. The process's exit status: 1 when the recording cannot be read or this
/// build's core does something else.
int run_lacp_replay(const std::string &file);

} // namespace lagg::lab
