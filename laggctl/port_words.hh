// Parts of a port's line in the words an operator uses.
#pragma once

#include "control/api/snapshot.hh"
#include "control/api/words.hh"

#include <string>

namespace lagg::ctl {

using api::distributing_ports;
using api::duration_text;
using api::protocol_text;
using api::speed_text;

/// down, up, or the speed.
std::string link_text(const api::Port &port);
/// rx+tx, rx, tx; "-" for none.
std::string traffic_text(const api::Port &port);

/// A port's part of the flows; "-" where no hash decides.
std::string share_text(const api::Lagg &lagg, const api::Port &port);

} // namespace lagg::ctl
