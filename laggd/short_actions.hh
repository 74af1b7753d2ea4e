// What laggd does instead of running, by its command line. Each prints to the standard streams and
// returns the exit code.
#pragma once

#include "control/config/mistake.hh"

#include <string>
#include <vector>

namespace lagg::daemon {

/// To standard error, a line each.
void print_mistakes(const std::vector<config::Mistake> &mistakes);

/// --check
int check(const std::string &config_file);
/// --describe-config; a JSON Schema or the list of keys.
int describe(bool as_schema);
/// --remove-interfaces
int remove_interfaces(const std::string &config_file);

} // namespace lagg::daemon
