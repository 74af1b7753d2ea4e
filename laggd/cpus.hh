// The processors this process may run on, and how workers are laid over them.
#pragma once

#include "dataplane/base/result.hh"

#include <string>
#include <vector>

namespace lagg::daemon {

/// Processors in this process's affinity mask.
std::vector<unsigned> allowed_cpus();

/// One worker a listed processor; with an empty list one worker on the last allowed processor.
/// Refuses processors this process may not use.
Result<std::vector<unsigned>> worker_cpus(const std::vector<unsigned> &configured);

/// EAL's --lcores: lcore 0 floats over all allowed processors, lcore i+1 is worker i, pinned.
std::string lcores_argument(const std::vector<unsigned> &workers);

} // namespace lagg::daemon
