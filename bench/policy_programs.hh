// The policies in eBPF of the benchmarks: those that come with laggd, and two that are as small as
// they can be, compiled by clang when the benchmarks are built.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace lagg::bpf {
class Program;
}

namespace lagg::bench {

/// Names of what there is; none where clang was missing.
std::vector<std::string> policy_names();

/// Loads one of them; ends the program with laggd's own words when it does not load.
std::shared_ptr<const bpf::Program> load_policy(const std::string &name);

} // namespace lagg::bench
