// Why a port carries no traffic, as the daemon found out, in print.
#pragma once

#include "control/api/snapshot.hh"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lagg::ctl {

/// The steps as a list, and the end of it in one sentence. Says so where the daemon said nothing.
std::string render_why(const api::Lagg &lagg, const api::Port &port);

/// A port's `why` with the names of the two, from the daemon's document of the lagg.
nlohmann::json why_of(const nlohmann::json &lagg, const nlohmann::json &port);

} // namespace lagg::ctl
