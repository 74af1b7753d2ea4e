// What of a lagg's configuration has to be loaded or compiled before it can be obeyed. That can
// fail and takes time, so it is done before the protocol thread hears of the configuration.
#pragma once

#include "dataplane/bpf/filter.hh"
#include "dataplane/bpf/program.hh"
#include "dataplane/distribute/policy.hh"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace lagg::aggregation {

struct PortRule {
    std::shared_ptr<const bpf::Filter> filter;
    std::string port; ///< one of the lagg's
};

struct Policies {
    std::shared_ptr<const bpf::Program> program; ///< in the place of the hash; or none
    std::vector<PortRule> rules;                 ///< the first that matches counts
};

/// All that says by what bucket a frame goes, or past all buckets to which member. While two of
/// these are equal, every flow stays where its bucket is.
struct Steering {
    distribute::Policy policy; ///< with the seed in force
    uint64_t program = 0;      ///< its generation; 0 for none
    /// The filter and the member of each rule that is in force.
    std::vector<std::pair<std::string, uint8_t>> rules;
    bool operator==(const Steering &) const = default;
};

} // namespace lagg::aggregation
