// Events and actions as one line of text each, without the time: for transcripts, simulation and
// the replay of a recording. Allocates; the machines never call it.
#pragma once

#include "lacp/events.hh"

#include <string>

namespace lagg::lacp {

/// "port 1 mux: WAITING -> ATTACHED (ready)"
std::string to_text(const Action &action);
/// "port 1 receives ASG-----, partner ASGN---- 8000,02-00-00-00-00-01"
std::string to_text(const Event &event);

} // namespace lagg::lacp
