// How a device is set up from what its driver says it can.
#include "dataplane/port/nic_setup.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace lagg::port {

namespace {

rte_eth_dev_info capable() {
    rte_eth_dev_info info{};
    info.max_rx_queues = 8;
    info.max_tx_queues = 4;
    info.hash_key_size = 40;
    info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_ETH;
    info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_SCATTER | RTE_ETH_RX_OFFLOAD_RSS_HASH;
    info.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
    return info;
}

bool has_feature(const NicSetup &setup, const std::string &begin) {
    return std::ranges::any_of(
        setup.features, [&](const std::string &feature) { return feature.starts_with(begin); });
}

/// Toeplitz as RSS defines it, the reference of its own.
uint32_t toeplitz(const std::vector<uint8_t> &key, const std::array<uint8_t, 12> &input) {
    uint32_t hash = 0;
    for (size_t bit = 0; bit < 8 * input.size(); ++bit) {
        if ((input[bit / 8] >> (7 - bit % 8) & 1) == 0) continue;
        uint32_t window = 0;
        for (size_t i = 0; i < 32; ++i)
            window = window << 1 | (key[(bit + i) / 8] >> (7 - (bit + i) % 8) & 1);
        hash ^= window;
    }
    return hash;
}

} // namespace

TEST(NicSetup, HasNoMoreQueuesThanTheDevice) {
    EXPECT_EQ(plan_setup(capable(), {.queues = 16}).queues, 4);
    EXPECT_EQ(plan_setup(capable(), {.queues = 2}).queues, 2);
    EXPECT_EQ(plan_setup(rte_eth_dev_info{}, {.queues = 2}).queues, 1);
}

TEST(NicSetup, HasOneQueueWhereTheDriverPrefersOneAndHashesNothing) {
    rte_eth_dev_info info = capable();
    info.default_rxportconf.nb_queues = 1;
    EXPECT_EQ(plan_setup(info, {.queues = 2}).queues, 2);
    info.flow_type_rss_offloads = 0;
    EXPECT_EQ(plan_setup(info, {.queues = 2}).queues, 1);
    info.default_rxportconf.nb_queues = 0; // the driver has no preference
    EXPECT_EQ(plan_setup(info, {.queues = 2}).queues, 2);
}

TEST(NicSetup, SpreadsOverQueuesByWhatTheDeviceHashes) {
    const NicSetup setup = plan_setup(capable(), {.queues = 2});
    EXPECT_EQ(setup.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS);
    EXPECT_EQ(setup.conf.rx_adv_conf.rss_conf.rss_hf,
              RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_TCP);
    EXPECT_EQ(setup.conf.rx_adv_conf.rss_conf.rss_key, setup.rss_key.data());
    EXPECT_EQ(setup.conf.rx_adv_conf.rss_conf.rss_key_len, 40);
    EXPECT_TRUE(has_feature(setup, "RSS over 2 queues by addresses and ports"));
    EXPECT_EQ(plan_setup(capable(), {.queues = 1}).conf.rxmode.mq_mode, RTE_ETH_MQ_RX_NONE);
}

TEST(NicSetup, LeavesTheKeyToADriverThatTakesNone) {
    rte_eth_dev_info info = capable();
    info.hash_key_size = 0;
    const NicSetup setup = plan_setup(info, {.queues = 2});
    EXPECT_EQ(setup.conf.rx_adv_conf.rss_conf.rss_key, nullptr);
    info.flow_type_rss_offloads = 0;
    EXPECT_TRUE(has_feature(plan_setup(info, {.queues = 2}), "2 queues, spread by the device"));
}

TEST(NicSetup, TakesLargeFramesInSeveralBuffersOnlyWhereTheyNeedIt) {
    const NicSetup small = plan_setup(capable(), {.mtu = 1500});
    EXPECT_EQ(small.conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER, 0u);
    EXPECT_EQ(small.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS, 0u);
    // 8166 octets, with the Ethernet header, two tags and the FCS, are the 8192 of a power of two.
    EXPECT_EQ(
        plan_setup(capable(), {.mtu = 8166}).conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER, 0u);
    for (const uint16_t mtu : {8167, 9000, 9216}) {
        const NicSetup large = plan_setup(capable(), {.mtu = mtu});
        EXPECT_NE(large.conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER, 0u) << mtu;
        EXPECT_NE(large.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS, 0u) << mtu;
    }
    EXPECT_EQ(plan_setup(rte_eth_dev_info{}, {.mtu = 9000}).conf.rxmode.offloads, 0u)
        << "nothing is asked of a driver that it does not offer";
}

TEST(NicSetup, FreesFastOnlyWhereAllFramesAreOfOnePool) {
    EXPECT_EQ(plan_setup(capable(), {.one_pool = false}).conf.txmode.offloads, 0u);
    const NicSetup setup = plan_setup(capable(), {.one_pool = true});
    EXPECT_EQ(setup.conf.txmode.offloads, uint64_t{RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE});
    EXPECT_TRUE(has_feature(setup, "fast free"));
}

TEST(NicSetup, NeverAsksForLinkInterrupts) {
    EXPECT_EQ(plan_setup(capable(), {}).conf.intr_conf.lsc, 0u)
        << "with them ethdev answers from a copy";
}

TEST(NicSetup, HasAQueueForSlowProtocolsBesideThoseForData) {
    rte_eth_dev_info info = capable();
    info.reta_size = 128;
    for (const uint16_t queues : {1, 3}) {
        const NicSetup setup = plan_setup(info, {.queues = queues, .slow_queue = true});
        EXPECT_EQ(setup.queues, queues);
        EXPECT_EQ(setup.leading, DataLeading::BY_TABLE);
        EXPECT_EQ(setup.conf.rxmode.mq_mode, RTE_ETH_MQ_RX_RSS) << "else there is no table";
    }
    EXPECT_EQ(plan_setup(info, {.queues = 3}).leading, DataLeading::NONE) << "nobody asked";
    EXPECT_FALSE(has_feature(plan_setup(info, {.queues = 1, .slow_queue = true}), "RSS over"));
}

TEST(NicSetup, HasNoQueueForSlowProtocolsWhereItWouldTakeOneFromData) {
    rte_eth_dev_info info = capable();
    info.reta_size = 128;
    const NicSetup setup = plan_setup(info, {.queues = 4, .slow_queue = true});
    EXPECT_EQ(setup.queues, 4);
    EXPECT_EQ(setup.leading, DataLeading::NONE);
}

TEST(NicSetup, HasNoQueueForSlowProtocolsThatDataComesByAsWell) {
    rte_eth_dev_info info = capable(); // without a table
    EXPECT_EQ(plan_setup(info, {.queues = 2, .slow_queue = true}).leading, DataLeading::NONE);
    EXPECT_EQ(plan_setup(info, {.queues = 1, .slow_queue = true}).leading, DataLeading::BY_RULE);
    info.reta_size = 128;
    info.flow_type_rss_offloads = 0; // nothing looks the table up
    EXPECT_EQ(plan_setup(info, {.queues = 2, .slow_queue = true}).leading, DataLeading::NONE);
}

TEST(Reta, LeadsToTheFirstQueuesInTurns) {
    const std::vector<rte_eth_rss_reta_entry64> table = reta_over(100, 3);
    ASSERT_EQ(table.size(), 2u);
    EXPECT_EQ(table[0].mask, ~uint64_t{0});
    EXPECT_EQ(table[1].mask, (uint64_t{1} << 36) - 1) << "no entry beyond the device's";
    std::array<int, 4> entries{};
    for (size_t entry = 0; entry < 100; ++entry)
        ++entries.at(table[entry / 64].reta[entry % 64]);
    EXPECT_EQ(entries, (std::array<int, 4>{34, 33, 33, 0}));
}

TEST(RssKey, SpreadsAddressesThatCountUp) {
    const std::vector<uint8_t> key = rss_key(40);
    EXPECT_EQ(key, rss_key(40));
    constexpr int kFlows = 4096;
    for (const unsigned octet : {3u, 7u, 9u, 11u}) { // of the addresses and of the ports
        std::array<int, 4> queues{};
        for (int flow = 0; flow < kFlows; ++flow) {
            std::array<uint8_t, 12> input{10, 0, 0, 0, 10, 0, 1, 0, 0x12, 0x34, 0, 80};
            input[octet] = static_cast<uint8_t>(input[octet] + flow);
            input[octet - 1] = static_cast<uint8_t>(input[octet - 1] + (flow >> 8));
            ++queues[toeplitz(key, input) % 4];
        }
        for (const int count : queues) {
            EXPECT_GT(count, kFlows / 4 * 9 / 10) << "octet " << octet;
            EXPECT_LT(count, kFlows / 4 * 11 / 10) << "octet " << octet;
        }
    }
}

} // namespace lagg::port
