// The views of `laggctl show`, one function each; render.cc strings them together.
#pragma once

#include "control/api/snapshot.hh"

#include <string>

namespace lagg::ctl {

std::string render_overview(const api::Lagg &lagg);
std::string render_lacp(const api::Lagg &lagg);
std::string render_ports(const api::Lagg &lagg);
std::string render_links(const api::Lagg &lagg);
std::string render_counters(const api::Lagg &lagg);
std::string render_hash(const api::Lagg &lagg);

/// `text`, and a line "! ..." for each of the warnings.
std::string with_warnings(std::string text, const api::Lagg &lagg);
/// What decides where a frame goes: the policy and its seed, or what stands in their place.
std::string distribution_text(const api::Lagg &lagg);
/// Activity and rate, with what the rate means.
std::string lacp_mode_text(const api::Lagg &lagg);

} // namespace lagg::ctl
