// A parser says where it gave up; this says where the operator's slip probably is.
#pragma once

#include "control/config/mistake.hh"

#include <string>
#include <string_view>

namespace lagg::config {

/// Something to append to the message of a syntax error at `at`: "; the array opened near line 4 is
/// not closed", or nothing. `description` is the parser's.
std::string syntax_hint(std::string_view text, Position at, std::string_view description);

} // namespace lagg::config
