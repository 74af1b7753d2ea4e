// The log an operator reads: one line a fact, on standard error.
#pragma once

#include "dataplane/base/result.hh"

#include <string>
#include <vector>

namespace lagg::daemon {

/// `level`: error, warning, info or debug. Lines are written by a thread of their own, and the
/// oldest are lost when nobody reads: no thread ever waits for a terminal, a pipe or a disk.
void start_logging(const std::string &level);
void set_log_level(const std::string &level);
/// Writes what is queued. False when nobody reads: the thread that writes still waits then, and
/// the process has to end without it (_Exit).
[[nodiscard]] bool stop_logging();

/// From now on what DPDK prints goes to our log, at debug, and its complaints can be asked for.
void capture_dpdk_log();
/// What DPDK complained of since the last call, at most eight lines, the oldest first. The first
/// one is the reason behind a call that says no more than "Invalid argument"; what follows it are
/// mostly the steps that gave up because of it.
std::vector<std::string> take_dpdk_complaints();

} // namespace lagg::daemon
