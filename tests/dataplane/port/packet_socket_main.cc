// Starts DPDK once for all tests of this program: without huge pages and without any NIC of the
// machine, so that it runs for everybody.
#include <gtest/gtest.h>

#include <rte_eal.h>

#include <string>
#include <vector>

int main(int argc, char **argv) {
    testing::InitGoogleTest(&argc, argv);
    if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
    std::vector<std::string> arguments{
        "packet_socket_test", "--no-huge", "--no-shconf", "--no-telemetry", "-m",     "128", "-a",
        "ffff:ff:1f.7",       "--lcores",  "0@0",         "--log-level",    "warning"};
    std::vector<char *> pointers;
    for (std::string &argument : arguments)
        pointers.push_back(argument.data());
    if (rte_eal_init(static_cast<int>(pointers.size()), pointers.data()) < 0) return 1;
    const int result = RUN_ALL_TESTS();
    rte_eal_cleanup();
    return result;
}
