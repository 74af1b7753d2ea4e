// Starts DPDK once for all tests of this program: without huge pages and without any NIC of the
// machine, so that it runs for everybody. Two lcores for workers, which share a core where there is
// only one.
#include <gtest/gtest.h>

#include <rte_eal.h>

#include <sched.h>

#include <string>
#include <vector>

namespace {

/// lcore 0 for the test itself, on every CPU this process may use; 1 and 2 for workers.
std::string lcores() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) cpus.push_back(cpu);
    std::string all;
    for (const int cpu : cpus)
        all += (all.empty() ? "" : ",") + std::to_string(cpu);
    return "0@(" + all + "),1@" + std::to_string(cpus.front()) + ",2@" +
           std::to_string(cpus.back());
}

} // namespace

int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
    std::vector<std::string> arguments{"worker_test",  "--no-huge", "--no-shconf", "--no-telemetry",
                                       "-m",           "256",       "--lcores",    lcores(),
                                       "--main-lcore", "0",         "-a",          "ffff:ff:1f.7",
                                       "--log-level",  "warning"};
    std::vector<char *> pointers;
    for (std::string &argument : arguments)
        pointers.push_back(argument.data());
    if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) return 1;
    const int result = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return result;
}
