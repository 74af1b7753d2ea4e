// Text that a policy begins with, built into lagglab: of this version, wherever the program is.
#pragma once

#include <string_view>

namespace lagg::lab {

extern const std::string_view policy_header; ///< lagg_policy.h
extern const std::string_view policy_start;  ///< of C, with NAME where the policy's name belongs

} // namespace lagg::lab
