// In mode 4 net_bonding collects nothing before it has a partner, and there is none in these
// benchmarks. DPDK's calls for a protocol elsewhere help, but testpmd has no command for them: in a
// shared object that LD_PRELOAD names, this makes them when testpmd starts such a device.
#include "bench/lacp_elsewhere.hh"

#include <rte_alarm.h>
#include <rte_eth_bond.h>
#include <rte_ethdev.h>

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>

namespace {

constexpr uint64_t kLookAgainUs = 5'000;

void must(int code, const char *what) {
    if (code == 0) return;
    std::fprintf(stderr, "net_bonding: %s: %s\n", what, rte_strerror(-code));
    std::exit(1);
}

void collect_when_active(void *argument) {
    const auto bonded = static_cast<uint16_t>(reinterpret_cast<uintptr_t>(argument));
    if (lagg::bench::every_member_is_active(bonded))
        must(lagg::bench::collect_and_distribute(bonded), "its members do not collect");
    else
        must(rte_eal_alarm_set(kLookAgainUs, collect_when_active, argument), "there is no alarm");
}

} // namespace

int rte_eth_dev_start(uint16_t device) {
    static const auto next =
        reinterpret_cast<int (*)(uint16_t)>(dlsym(RTLD_NEXT, "rte_eth_dev_start"));
    const bool is_lacp = rte_eth_bond_mode_get(device) == BONDING_MODE_8023AD;
    if (is_lacp) must(lagg::bench::leave_lacp_to_us(device), "LACP is not left to us");
    const int code = next(device);
    if (is_lacp && code == 0) collect_when_active(reinterpret_cast<void *>(uintptr_t{device}));
    return code;
}
