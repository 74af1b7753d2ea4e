// A parsed command, carried out: ask the daemon, print the answer.
#pragma once

#include "laggctl/command_line.hh"

namespace lagg::ctl {

/// Blocks until the daemon answered or the command's timeout is over.
Outcome run(const CommandLine &command);

} // namespace lagg::ctl
