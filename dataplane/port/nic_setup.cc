#include "dataplane/port/nic_setup.hh"

#include "dataplane/port/packet_pool.hh"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace lagg::port {

namespace {

/// Octets that every driver uses of one of our buffers: some of them know powers of two only.
constexpr uint32_t kUsableBytes = std::bit_floor(uint32_t{kBufferBytes});
constexpr uint32_t kFcsBytes = 4;

bool needs_several_buffers(uint16_t mtu) {
    return mtu + kHeaderBytes + kFcsBytes > kUsableBytes;
}

/// Fields that RSS hashes, of those the device can.
uint64_t rss_fields(const rte_eth_dev_info &info) {
    return info.flow_type_rss_offloads & (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
}

DataLeading leading_of(const rte_eth_dev_info &info, uint16_t queues) {
    if (rss_fields(info) != 0 && info.reta_size != 0) return DataLeading::BY_TABLE;
    return queues == 1 ? DataLeading::BY_RULE : DataLeading::NONE;
}

void hash_over_queues(const rte_eth_dev_info &info, uint64_t fields, NicSetup &setup) {
    setup.conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    rte_eth_rss_conf &rss = setup.conf.rx_adv_conf.rss_conf;
    rss.rss_hf = fields;
    if ((info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH) != 0)
        setup.conf.rxmode.offloads |= RTE_ETH_RX_OFFLOAD_RSS_HASH;
    if (info.hash_key_size > 0) {
        setup.rss_key = rss_key(info.hash_key_size);
        rss.rss_key = setup.rss_key.data();
        rss.rss_key_len = info.hash_key_size;
    }
}

void spread_over_queues(const rte_eth_dev_info &info, NicSetup &setup) {
    const uint64_t fields = rss_fields(info);
    // Where there is one queue for data the table leads all of it there.
    if (setup.leading == DataLeading::BY_TABLE || (setup.queues > 1 && fields != 0))
        hash_over_queues(info, fields, setup);
    if (setup.queues < 2) return;
    if (fields == 0) {
        setup.features.push_back(fmt::format("{} queues, spread by the device", setup.queues));
        return;
    }
    setup.features.push_back(fmt::format(
        "RSS over {} queues by {}{}", setup.queues,
        (fields & (RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP)) != 0 ? "addresses and ports" : "addresses",
        setup.rss_key.empty() ? ", with the driver's key" : ""));
}

} // namespace

std::vector<uint8_t> rss_key(size_t octets) {
    // SplitMix64 (Steele, Lea, Flood 2014), which passes BigCrush: Toeplitz spreads well under a
    // key without structure.
    uint64_t state = 0x6c61676764;
    std::vector<uint8_t> key(octets);
    for (size_t i = 0; i < octets; ++i) {
        state += 0x9e3779b97f4a7c15;
        uint64_t mixed = (state ^ state >> 30) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
        key[i] = static_cast<uint8_t>(mixed >> 56);
    }
    return key;
}

std::vector<rte_eth_rss_reta_entry64> reta_over(uint16_t size, uint16_t queues) {
    std::vector<rte_eth_rss_reta_entry64> table((size + RTE_ETH_RETA_GROUP_SIZE - 1) /
                                                RTE_ETH_RETA_GROUP_SIZE);
    for (uint16_t entry = 0; entry < size; ++entry) {
        rte_eth_rss_reta_entry64 &group = table[entry / RTE_ETH_RETA_GROUP_SIZE];
        const unsigned place = entry % RTE_ETH_RETA_GROUP_SIZE;
        group.mask |= uint64_t{1} << place;
        group.reta[place] = entry % queues;
    }
    return table;
}

NicSetup plan_setup(const rte_eth_dev_info &info, const SetupWish &wish) {
    NicSetup setup;
    // A driver that hashes nothing and prefers one queue has a second one that the device does not
    // serve (net_e1000_em has it for some of its devices only).
    const bool serves_one = rss_fields(info) == 0 && info.default_rxportconf.nb_queues == 1;
    const uint16_t most =
        serves_one ? uint16_t{1} : std::min(info.max_rx_queues, info.max_tx_queues);
    setup.queues = std::max<uint16_t>(1, std::min(wish.queues, most));
    if (wish.slow_queue && setup.queues < most) setup.leading = leading_of(info, setup.queues);
    spread_over_queues(info, setup);
    if (needs_several_buffers(wish.mtu)) {
        // A driver that does not offer this may have larger buffers than it says; what it cannot
        // receive it refuses when it is started.
        setup.conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
        if ((setup.conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER) != 0)
            setup.features.emplace_back("large frames in several buffers");
        // Other ports of the lagg receive such frames too, and this one sends them. With smaller
        // ones it stays off, since it rules out the quick ways of many drivers to send.
        setup.conf.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
    }
    if (wish.one_pool && (info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0) {
        setup.conf.txmode.offloads |= RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
        setup.features.emplace_back("fast free");
    }
    return setup;
}

} // namespace lagg::port
