// The log an operator reads: one line a fact, on standard error.
#pragma once

#include "dataplane/base/result.hh"

#include <string>

namespace lagg::daemon {

/// `level`: error, warning, info or debug. Lines are written by a thread of their own, and the
/// oldest are lost when nobody reads: no thread ever waits for a terminal, a pipe or a disk.
void start_logging(const std::string &level);
void set_log_level(const std::string &level);
/// Writes what is queued.
void stop_logging();

/// From now on what DPDK prints goes to our log, at debug, and its complaints can be asked for.
void capture_dpdk_log();
/// The first complaint DPDK printed since the last call, or an empty string: the reason behind a
/// call that says no more than "Invalid argument". What follows it are mostly the steps that gave
/// up because of it.
std::string take_dpdk_complaint();

} // namespace lagg::daemon
