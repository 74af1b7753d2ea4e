#include "bench/lacp_elsewhere.hh"

#include <rte_config.h>
#include <rte_eth_bond.h>
#include <rte_eth_bond_8023ad.h>
#include <rte_mbuf.h>

#include <array>

namespace lagg::bench {

namespace {

using Members = std::array<uint16_t, RTE_MAX_ETHPORTS>;

} // namespace

// A callback for slow-protocol frames is what tells the driver that the protocol is elsewhere.
int leave_lacp_to_us(uint16_t bonded) {
    rte_eth_bond_8023ad_conf conf{};
    if (const int code = rte_eth_bond_8023ad_conf_get(bonded, &conf); code != 0) return code;
    conf.slowrx_cb = [](uint16_t, rte_mbuf *frame) { rte_pktmbuf_free(frame); };
    return rte_eth_bond_8023ad_setup(bonded, &conf);
}

bool every_member_is_active(uint16_t bonded) {
    Members all{};
    Members active{};
    const int count = rte_eth_bond_slaves_get(bonded, all.data(), RTE_MAX_ETHPORTS);
    return count >= 0 &&
           count == rte_eth_bond_active_slaves_get(bonded, active.data(), RTE_MAX_ETHPORTS);
}

int collect_and_distribute(uint16_t bonded) {
    Members active{};
    const int count = rte_eth_bond_active_slaves_get(bonded, active.data(), RTE_MAX_ETHPORTS);
    for (int i = 0; i < count; ++i) {
        const uint16_t member = active[static_cast<size_t>(i)];
        if (const int code = rte_eth_bond_8023ad_ext_collect(bonded, member, 1); code != 0)
            return code;
        if (const int code = rte_eth_bond_8023ad_ext_distrib(bonded, member, 1); code != 0)
            return code;
    }
    return count < 0 ? count : 0;
}

} // namespace lagg::bench
