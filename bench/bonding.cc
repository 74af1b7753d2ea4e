#include "bench/bonding.hh"

#include "bench/sinks.hh"

#include <rte_eth_bond.h>
#include <rte_ethdev.h>
#include <rte_log.h>
#include <rte_mbuf.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
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

/// A bonded device that has just started takes its time before it sends.
void wait_until_it_sends(uint16_t device, unsigned members) {
    using std::chrono::steady_clock;
    rte_mbuf *frame = rte_pktmbuf_alloc(frame_pool());
    rte_pktmbuf_append(frame, 60);
    const auto limit = steady_clock::now() + std::chrono::seconds(5);
    Sinks &sinks = Sinks::get();
    uint64_t arrived = 0;
    sinks.clear();
    while (arrived == 0 && steady_clock::now() < limit) {
        rte_mbuf *sent[] = {frame};
        rte_eth_tx_burst(device, 0, sent, 1);
        for (unsigned i = 0; i < members; i++)
            arrived += sinks.packets(i);
    }
    rte_pktmbuf_free(frame);
    if (arrived == 0) must(-1, "it does not send");
}

} // namespace

uint16_t bonded_device(BondMode mode, unsigned members) {
    static std::optional<Bonded> bonded;
    Sinks &sinks = Sinks::get();
    if (!bonded) bonded = make();
    rte_eth_dev_stop(bonded->device);
    set_members(*bonded, members);
    must(rte_eth_bond_mode_set(bonded->device, mode_number(mode)), "mode");
    must(rte_eth_bond_xmit_policy_set(bonded->device, policy_number(mode)), "policy");
    const rte_eth_conf conf{};
    must(rte_eth_dev_configure(bonded->device, 1, 1, &conf), "configure");
    must(rte_eth_rx_queue_setup(bonded->device, 0, 64, SOCKET_ID_ANY, nullptr, frame_pool()), "rx");
    must(rte_eth_tx_queue_setup(bonded->device, 0, 64, SOCKET_ID_ANY, nullptr), "tx");
    must(rte_eth_dev_start(bonded->device), "start");
    uint16_t active[RTE_MAX_ETHPORTS];
    const int count = rte_eth_bond_active_slaves_get(bonded->device, active, RTE_MAX_ETHPORTS);
    if (count != static_cast<int>(members)) must(count, "active members");
    sinks.arm();
    wait_until_it_sends(bonded->device, members);
    return bonded->device;
}

} // namespace lagg::bench
