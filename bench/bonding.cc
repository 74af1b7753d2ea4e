#include "bench/bonding.hh"

#include "bench/lacp_elsewhere.hh"
#include "bench/sinks.hh"

#include <rte_eth_bond.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

namespace lagg::bench {

namespace {

void must(int code, const char *what) {
    if (code == 0) return;
    std::fprintf(stderr, "net_bonding: %s: %d\n", what, code);
    std::exit(1);
}

uint8_t mode_number(BondMode mode) {
    switch (mode) {
    case BondMode::ROUND_ROBIN: return BONDING_MODE_ROUND_ROBIN;
    case BondMode::ACTIVE_BACKUP: return BONDING_MODE_ACTIVE_BACKUP;
    case BondMode::BROADCAST: return BONDING_MODE_BROADCAST;
    case BondMode::LACP: return BONDING_MODE_8023AD;
    case BondMode::LAYER2:
    case BondMode::LAYER23:
    case BondMode::LAYER34: return BONDING_MODE_BALANCE;
    }
    return BONDING_MODE_BALANCE;
}

uint8_t policy_number(BondMode mode) {
    if (mode == BondMode::LAYER2) return BALANCE_XMIT_POLICY_LAYER2;
    if (mode == BondMode::LAYER23) return BALANCE_XMIT_POLICY_LAYER23;
    return BALANCE_XMIT_POLICY_LAYER34;
}

struct Bonded {
    uint16_t device;
    std::vector<uint16_t> members;
};

Bonded make() {
    Sinks::get(); // DPDK has to run
    // It complains of members without a promiscuous mode, at every change.
    rte_log_set_level_pattern("pmd.net.bond*", RTE_LOG_CRIT);
    const int device = rte_eth_bond_create("net_bonding0", BONDING_MODE_BALANCE, 0);
    if (device < 0) must(device, "create");
    return {static_cast<uint16_t>(device), {}};
}

void set_members(Bonded &bonded, unsigned members) {
    while (bonded.members.size() > members) {
        must(rte_eth_bond_slave_remove(bonded.device, bonded.members.back()), "remove a member");
        bonded.members.pop_back();
    }
    while (bonded.members.size() < members) {
        const auto index = static_cast<unsigned>(bonded.members.size());
        bonded.members.push_back(Sinks::get().device(index));
        must(rte_eth_bond_slave_add(bonded.device, bonded.members.back()), "add a member");
    }
}

void wait_for_members(const Bonded &bonded) {
    using std::chrono::steady_clock;
    const auto limit = steady_clock::now() + std::chrono::seconds(5);
    while (!every_member_is_active(bonded.device)) {
        if (steady_clock::now() > limit) must(-1, "not every member is taken in");
        std::this_thread::yield();
    }
}

} // namespace

uint16_t bonded_device(BondMode mode, unsigned members) {
    static std::optional<Bonded> bonded;
    if (!bonded) bonded = make();
    rte_eth_dev_stop(bonded->device);
    set_members(*bonded, members);
    must(rte_eth_bond_mode_set(bonded->device, mode_number(mode)), "mode");
    must(rte_eth_bond_xmit_policy_set(bonded->device, policy_number(mode)), "policy");
    if (mode == BondMode::LACP)
        must(leave_lacp_to_us(bonded->device), "LACP without its own machines");
    const rte_eth_conf conf{};
    must(rte_eth_dev_configure(bonded->device, 1, 1, &conf), "configure");
    must(rte_eth_rx_queue_setup(bonded->device, 0, 64, SOCKET_ID_ANY, nullptr, frame_pool()), "rx");
    must(rte_eth_tx_queue_setup(bonded->device, 0, 64, SOCKET_ID_ANY, nullptr), "tx");
    must(rte_eth_dev_start(bonded->device), "start");
    wait_for_members(*bonded);
    if (mode == BondMode::LACP) must(collect_and_distribute(bonded->device), "collecting");
    Sinks::get().arm();
    return bonded->device;
}

} // namespace lagg::bench
