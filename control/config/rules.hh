// What must hold between the tables of a file: names that exist, devices and ports used once.
#pragma once

#include "control/config/schema.hh"

namespace lagg::config {

void check_rules(const PlacedConfig &config, Complaints &complaints);

} // namespace lagg::config
