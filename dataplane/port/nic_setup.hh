// How a device is set up, from what its driver says it can: queues, receive buffers, the spread
// over the queues, offloads. Nothing here knows a driver by its name.
#pragma once

#include <rte_ethdev.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lagg::port {

/// Octets around the largest packet: the Ethernet header and two tags.
inline constexpr uint32_t kHeaderBytes = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;

/// How frames other than those of slow protocols are kept out of the queue of the latter.
enum class DataLeading {
    NONE,     ///< they are not: there is no such queue
    BY_TABLE, ///< the table that RSS looks up leads to the other queues
    BY_RULE,  ///< a rule leads them to the only other queue
};

struct SetupWish {
    uint16_t queues = 1;
    uint16_t mtu = 1500;
    /// All data that this process sends comes from one packet pool and has one owner, so that a
    /// driver may give it back without a look (RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE). Frames of our
    /// own then come from that pool too (Fleet).
    bool one_pool = false;
    /// One receive queue more, for slow protocols; not where data cannot be kept out of it.
    bool slow_queue = false;
};

struct NicSetup {
    uint16_t queues = 1; ///< for data
    DataLeading leading = DataLeading::NONE;
    rte_eth_conf conf{};
    std::vector<uint8_t> rss_key;      ///< what conf points to
    std::vector<std::string> features; ///< what of it is on, in words for an operator

    NicSetup() = default;
    NicSetup(NicSetup &&) = default; ///< the key's octets stay where they are
    NicSetup &operator=(NicSetup &&) = default;
};

NicSetup plan_setup(const rte_eth_dev_info &info, const SetupWish &wish);

/// The table of RSS that leads to the first so many queues in turns.
std::vector<rte_eth_rss_reta_entry64> reta_over(uint16_t size, uint16_t queues);

/// A key of that many octets under which flows that differ in a bit anywhere are spread evenly. The
/// same octets every time, so that flows stay on their queues over a restart.
std::vector<uint8_t> rss_key(size_t octets);

} // namespace lagg::port
