// Writing a policy in C: a file to begin with, clang with the right flags, and what laggd would
// say.
#pragma once

#include <string>

namespace lagg::lab {

// Each returns the process's exit status: 1 after a sentence on standard error.

/// Writes NAME.c and lagg_policy.h; never over a file that is there.
int new_policy(const std::string &name);
/// Compiles FILE.c to FILE.o and checks that.
int build_policy(const std::string &source);
/// Loads FILE.o as laggd does, and prints what it is and what it costs.
int check_policy(const std::string &object);

} // namespace lagg::lab
