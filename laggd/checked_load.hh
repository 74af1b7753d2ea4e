// A configuration that is read and held against the machine it is for: devices that are not there,
// or in other use, are mistakes of the file like any other.
#pragma once

#include "control/config/load.hh"
#include "dataplane/base/result.hh"

#include <optional>
#include <string>
#include <vector>

namespace lagg::daemon {

/// Whether the device of a port can be opened here, as far as can be told without opening it. The
/// error does not name the port.
Result<void> check_device(const config::Config &config, const config::Port &port);

/// The file's mistakes, or a configuration whose devices are there too, as far as `running` does
/// not have them already: a device that died must not stand in the way of other changes.
config::Loaded load_and_find_devices(const std::string &file, const config::Config &running,
                                     config::Positions &positions);

/// What is wrong with the packet buffers that a start with this configuration would make.
std::optional<config::Mistake> check_buffers(const config::Config &config, const std::string &file,
                                             const config::Positions &positions);

/// The same of a reload to `next`, whose ports have to do with the buffers that were made as the
/// daemon started with `begun`. `running` has ports that are no news.
std::optional<config::Mistake> check_buffers_made(const config::Config &begun,
                                                  const config::Config &running,
                                                  const config::Config &next,
                                                  const std::string &file,
                                                  const config::Positions &positions);

/// Notes on what a start would meet on this machine, beside the devices.
struct MachineNotes {
    std::vector<config::Mistake> mistakes; ///< what the file asks for and cannot have
    std::vector<config::Mistake> warnings; ///< what it can have at a price
};
MachineNotes check_machine(const config::Config &config, const std::string &file,
                           const config::Positions &positions);

} // namespace lagg::daemon
