// Checks of this machine against a configuration, made here, without the daemon.
#pragma once

#include "control/config/config.hh"
#include "control/host/check.hh"
#include "control/host/machine.hh"
#include "laggctl/outcome.hh"

#include <string>
#include <vector>

namespace lagg::ctl {

/// Findings about one thing: the machine, or a port.
struct Examined {
    std::string name;   ///< "machine", or the port's name
    std::string device; ///< empty for the machine
    std::vector<host::Finding> findings;
};

/// The machine first, then each port of the configuration in its order.
std::vector<Examined> examine(const host::Machine &machine, const config::Config &config);

/// Every NIC of the machine in the place of ports. One that no configuration asks for lacks
/// nothing: what is wrong with it is a warning.
std::vector<Examined> examine_every_nic(const host::Machine &machine, config::Config config);

/// A line a finding, with the commands that mend it below, and a last line that sums up.
std::string render_examined(const std::vector<Examined> &examined);
std::string examined_as_json(const std::vector<Examined> &examined);

/// The whole command. Where the configuration has no port, or none was named and none is at the
/// usual place, every NIC is examined.
Outcome run_doctor(const std::string &config_file, bool file_was_named, bool as_json);

} // namespace lagg::ctl
