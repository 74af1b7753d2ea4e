// Programs and filters that a configuration names, loaded: among the things that can fail, before
// anything of what runs is touched.
#pragma once

#include "control/aggregation/loaded_policies.hh"
#include "control/config/load.hh"
#include "dataplane/base/result.hh"

#include <map>
#include <string>

namespace lagg::daemon {

struct LoadedPolicies {
    aggregation::Policies policies;
    std::string content; ///< of the program's file
};
/// By the name of the lagg.
using PoliciesOfLaggs = std::map<std::string, LoadedPolicies>;

/// Reads every program anew and takes it from `running` where its file is what it was, so that
/// nothing moves and the program keeps its memory. Needs EAL. An error is the first mistake, with
/// its place in `file` where `positions` knows it.
Result<PoliciesOfLaggs> load_policies(const config::Config &config, const PoliciesOfLaggs &running,
                                      const std::string &file, const config::Positions &positions);

/// All mistakes of programs and filters that can be found without EAL.
std::vector<config::Mistake> check_policies(const config::Config &config, const std::string &file,
                                            const config::Positions &positions);

} // namespace lagg::daemon
