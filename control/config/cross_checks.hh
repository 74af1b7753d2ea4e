// What must hold between the tables of a file: names that exist, devices and ports used once.
#pragma once

#include "control/config/config.hh"
#include "control/config/mistake.hh"
#include "control/config/positions.hh"

namespace lagg::config {

/// The configuration may lack what was wrong or missing in the file: that is empty, or its default.
void check_rules(const Config &config, const Positions &positions, Complaints &complaints);

} // namespace lagg::config
