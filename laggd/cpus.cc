#include "laggd/cpus.hh"

#include "control/config/config.hh"
#include "dataplane/worker/forwarding_state.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sched.h>

#include <algorithm>

namespace lagg::daemon {

static_assert(config::kMaxWorkers == worker::kMaxWorkers);

std::vector<unsigned> allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    std::vector<unsigned> cpus;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return {0};
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    return cpus;
}

Result<std::vector<unsigned>> worker_cpus(const std::vector<unsigned> &configured) {
    const std::vector<unsigned> allowed = allowed_cpus();
    if (configured.empty()) return std::vector<unsigned>{allowed.back()};
    for (unsigned cpu : configured)
        if (std::ranges::find(allowed, cpu) == allowed.end())
            return Error{fmt::format(
                "[daemon] workers names core {}, which this process may not use; it may use {}",
                cpu, fmt::join(allowed, ","))};
    return configured;
}

std::string lcores_argument(const std::vector<unsigned> &workers) {
    std::string argument = fmt::format("0@({})", fmt::join(allowed_cpus(), ","));
    for (size_t i = 0; i < workers.size(); ++i)
        argument += fmt::format(",{}@{}", i + 1, workers[i]);
    return argument;
}

} // namespace lagg::daemon
