#include "bench/engine/start_dpdk.hh"

#include "bench/engine/ring_circuit.hh"
#include "dataplane/port/packet_pool.hh"

#include <rte_eal.h>

#include <sched.h>

#include <string>
#include <vector>

namespace lagg::bench {

namespace {

/// lcore 0 anywhere for what is no worker; 1 on the first CPU of this process, 2 on the last.
std::string lcores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> cpus;
    std::string all;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        cpus.push_back(cpu);
        all += (all.empty() ? "" : ",") + std::to_string(cpu);
    }
    const std::string anywhere = "0@(" + all + "),1@" + std::to_string(cpus.front());
    return cpus.size() < 2 ? anywhere : anywhere + ",2@" + std::to_string(cpus.back());
}

} // namespace

void start_dpdk(const char *program, bool huge_pages, uint32_t buffers) {
    const uint64_t mib = (port::pool_bytes_needed(buffers) >> 20) + 96;
    std::vector<std::string> words{
        program,        "--lcores",    lcores(), "--main-lcore",   "0",  "-a",
        "ffff:ff:1f.7", "--log-level", "error",  "--no-telemetry", "-m", std::to_string(mib)};
    if (huge_pages)
        words.push_back("--in-memory");
    else
        words.insert(words.end(), {"--no-huge", "--no-shconf"});
    std::vector<char *> pointers;
    for (std::string &word : words)
        pointers.push_back(word.data());
    if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0)
        give_up("DPDK does not start; see what it says above");
}

} // namespace lagg::bench
