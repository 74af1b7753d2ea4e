#include "bench/policy_programs.hh"

#include "dataplane/bpf/program.hh"

#include <cstdio>
#include <cstdlib>
#include <sstream>

namespace lagg::bench {

std::vector<std::string> policy_names() {
    std::istringstream words(POLICY_NAMES);
    std::vector<std::string> names;
    for (std::string name; words >> name;)
        names.push_back(name);
    return names;
}

std::shared_ptr<const bpf::Program> load_policy(const std::string &name) {
    const auto program = bpf::Program::load(POLICY_OBJECTS "/" + name + ".o");
    if (program) return *program;
    std::fprintf(stderr, "%s\n", program.error().message.c_str());
    std::exit(1);
}

} // namespace lagg::bench
