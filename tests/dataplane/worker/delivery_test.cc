// Two laggs back to back: what goes in at one comes out at the other, under every protocol.
#include "tests/dataplane/worker/bench.hh"

#include <rte_mbuf.h>

#include <algorithm>
#include <set>

namespace lagg::worker {

namespace {

constexpr uint32_t kFrames = 5000;

/// How often each frame came.
std::map<uint32_t, uint32_t> arrivals(const std::vector<Tag> &tags) {
    std::map<uint32_t, uint32_t> count;
    for (const Tag &tag : tags)
        ++count[tag.number];
    return count;
}

void expect_each(const std::vector<Tag> &tags, uint32_t frames, uint32_t times) {
    const std::map<uint32_t, uint32_t> count = arrivals(tags);
    EXPECT_EQ(count.size(), frames) << "frames are missing";
    for (const auto &[number, n] : count)
        ASSERT_EQ(n, times) << "frame " << number;
}

} // namespace

class Delivery : public testing::TestWithParam<Protocol> {};

TEST_P(Delivery, EveryFrameArrivesOnceBothWays) {
    Bench bench({.protocol = GetParam(), .cables = 3});
    if (GetParam() == Protocol::LACP) {
        ASSERT_TRUE(bench.wait_distributing(3)) << "LACP between two laggs does not come up";
    }
    const std::array<DeviceTotals, 2> before{bench.upper_totals(A), bench.upper_totals(B)};
    for (const Side from : {A, B}) {
        expect_each(pump(bench, from, kFrames), kFrames, 1);
        EXPECT_TRUE(bench.receive(from).empty()) << "frames came back to where they were sent";
    }
    for (const Side side : {A, B}) {
        bench.check_balance(side);
        const DeviceTotals now = bench.upper_totals(side);
        EXPECT_EQ(now.rx_packets - before[side].rx_packets, kFrames);
        EXPECT_EQ(now.rx_bytes - before[side].rx_bytes, uint64_t{kFrames} * 64);
        EXPECT_EQ(now.tx_packets - before[side].tx_packets, kFrames);
        EXPECT_EQ(now.tx_bytes - before[side].tx_bytes, uint64_t{kFrames} * 64);
    }
}

INSTANTIATE_TEST_SUITE_P(Protocols, Delivery,
                         testing::Values(Protocol::LACP, Protocol::FAILOVER, Protocol::LOADBALANCE,
                                         Protocol::ROUNDROBIN),
                         [](const auto &tested) { return std::string(to_text(tested.param)); });

// lagg(4) and bonding do the same: a receiver that listens on every cable hears every copy.
TEST(Broadcast, DeliversACopyForEveryLiveCable) {
    Bench bench({.protocol = Protocol::BROADCAST, .cables = 3});
    expect_each(pump(bench, A, kFrames), kFrames, 3);
    bench.check_balance(A, 3);
    bench.check_balance(B, 3);

    bench.device(A, 1).set_link(false);
    ASSERT_TRUE(Bench::wait_until([&] { return bench.distributing(A) == 2; }));
    EXPECT_TRUE(bench.wait_settled());
    expect_each(pump(bench, A, 100), 100, 2);
}

TEST(Broadcast, CopiesHaveEveryOctetAndABufferOfTheirOwn) {
    Bench bench({.protocol = Protocol::BROADCAST, .cables = 3, .two_laggs = false});
    for (const uint16_t size : {14, 60, 64, 1514, 9234}) {
        std::vector<uint8_t> sent(size);
        for (size_t i = 0; i < sent.size(); ++i)
            sent[i] = static_cast<uint8_t>(i * 7 + size);
        ASSERT_TRUE(bench.send(A, std::span<const uint8_t>(sent)));
        bench.quiet();
        std::set<const void *> buffers;
        for (const unsigned cable : {0u, 1u, 2u}) {
            rte_mbuf *frame = bench.from_port(A, cable).pop();
            ASSERT_NE(frame, nullptr) << size << " octets, cable " << cable;
            const auto *data = rte_pktmbuf_mtod(frame, const uint8_t *);
            EXPECT_EQ(frame->pkt_len, size);
            EXPECT_EQ(std::vector<uint8_t>(data, data + frame->data_len), sent);
            buffers.insert(data);
            free_frame(frame);
        }
        EXPECT_EQ(buffers.size(), 3u);
    }
}

TEST(Broadcast, WithoutALiveCableCountsEachFrameOnce) {
    Bench bench({.protocol = Protocol::BROADCAST, .cables = 2, .two_laggs = false});
    for (const unsigned cable : {0u, 1u})
        bench.device(A, cable).set_link(false);
    ASSERT_TRUE(Bench::wait_until([&] { return bench.distributing(A) == 0; }));
    EXPECT_TRUE(bench.wait_settled());
    for (uint32_t i = 0; i < 50; ++i)
        bench.send(A, {0, i});
    bench.quiet();
    EXPECT_EQ(bench.upper_totals(A).tx_no_member, 50u);
}

TEST(None, DropsAndCountsInBothDirections) {
    Bench bench({.protocol = Protocol::NONE, .cables = 2});
    EXPECT_TRUE(pump(bench, A, 500).empty());
    EXPECT_EQ(bench.upper_totals(A).tx_no_member, 500u);
    bench.to_port(B, 0).push(make_frame(bench.pool(), Tag{}));
    bench.quiet();
    EXPECT_EQ(bench.totals(B, 0).rx_not_collecting, 1u);
    EXPECT_TRUE(bench.receive(B).empty());
}

TEST(Delivery, ASingleFrameWaitsForNoCompany) {
    for (const Protocol protocol :
         {Protocol::FAILOVER, Protocol::LOADBALANCE, Protocol::ROUNDROBIN, Protocol::BROADCAST}) {
        Bench bench({.protocol = protocol, .cables = 2});
        bench.send(A, {.flow = 3, .number = 77});
        std::vector<Tag> came;
        EXPECT_TRUE(Bench::wait_until(
            [&] {
                const std::vector<Tag> more = bench.receive(B);
                came.insert(came.end(), more.begin(), more.end());
                return !came.empty();
            },
            1s))
            << to_text(protocol);
        EXPECT_EQ(came.front(), (Tag{3, 77}));
        bench.quiet();
    }
}

TEST(Delivery, FramesOfEverySizeKeepEveryOctet) {
    Bench bench({.protocol = Protocol::BROADCAST, .cables = 1, .two_laggs = false});
    uint64_t octets = 0;
    for (const uint16_t size : {14, 60, 64, 1514, 9234}) {
        std::vector<uint8_t> bytes(size);
        for (size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = static_cast<uint8_t>(i * 7 + size);
        bench.to_port(A, 0).push(make_frame(bench.pool(), bytes));
        octets += size;
    }
    bench.quiet();
    EXPECT_EQ(bench.upper_totals(A).tx_bytes, octets);
}

TEST(Order, AFlowsFramesStayInOrderOnOneCableUnderHash) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 4, .two_laggs = false});
    constexpr uint32_t kFlows = 64;
    std::map<uint32_t, unsigned> cable_of;
    std::map<uint32_t, uint32_t> last;
    std::array<uint32_t, 4> load{};
    for (uint32_t sent = 0; sent < kFrames;) {
        for (uint32_t i = 0; i < 256; ++i, ++sent)
            bench.send(A, {.flow = sent % kFlows, .number = sent + 1});
        bench.quiet();
        for (unsigned cable = 0; cable < 4; ++cable)
            while (rte_mbuf *frame = bench.from_port(A, cable).pop()) {
                const Tag tag = take_tag(frame);
                const auto [known, is_new] = cable_of.try_emplace(tag.flow, cable);
                ASSERT_EQ(known->second, cable) << "flow " << tag.flow << " changed its cable";
                ASSERT_LT(last[tag.flow], tag.number) << "flow " << tag.flow << " is out of order";
                last[tag.flow] = tag.number;
                load[cable] += is_new ? 1 : 0;
            }
    }
    EXPECT_EQ(cable_of.size(), kFlows);
    for (const uint32_t flows : load)
        EXPECT_GT(flows, 4u) << "64 flows over 4 cables";
}

TEST(Order, RoundRobinSplitsExactlyByItsStride) {
    Bench bench({.protocol = Protocol::ROUNDROBIN,
                 .cables = 3,
                 .two_laggs = false,
                 .adjust = [](config::Lagg &config) { config.roundrobin_stride = 5; }});
    for (uint32_t i = 0; i < 900; ++i)
        bench.send(A, {.flow = 1, .number = i});
    bench.quiet();
    for (unsigned cable = 0; cable < 3; ++cable) {
        uint32_t count = 0;
        while (rte_mbuf *frame = bench.from_port(A, cable).pop()) {
            const uint32_t number = take_tag(frame).number;
            ASSERT_EQ(number / 5 % 3, cable) << "frame " << number;
            ++count;
        }
        EXPECT_EQ(count, 300u);
    }
}

TEST(Failover, TrafficMovesToTheNextCableAndBack) {
    Bench bench({.protocol = Protocol::FAILOVER, .cables = 2, .adjust = [](config::Lagg &c) {
                     c.rx_all = true;
                 }});
    expect_each(pump(bench, A, 500), 500, 1);
    EXPECT_EQ(bench.totals(A, 0).tx_packets, 500u);
    bench.device(A, 0).set_link(false);
    ASSERT_TRUE(Bench::wait_until([&] { return bench.describe(A).ports[1].distributing; }));
    EXPECT_TRUE(bench.wait_settled());
    expect_each(pump(bench, A, 500), 500, 1);
    EXPECT_EQ(bench.totals(A, 1).tx_packets, 500u);
    bench.device(A, 0).set_link(true);
    ASSERT_TRUE(Bench::wait_until([&] { return bench.describe(A).ports[0].distributing; }));
    EXPECT_TRUE(bench.wait_settled());
    expect_each(pump(bench, A, 500), 500, 1);
    EXPECT_EQ(bench.totals(A, 0).tx_packets, 1000u);
}

TEST(Drops, FramesOnAnInactivePortAreCounted) {
    Bench bench({.protocol = Protocol::FAILOVER, .cables = 2, .two_laggs = false});
    for (uint32_t i = 0; i < 100; ++i) {
        bench.to_port(A, 0).push(make_frame(bench.pool(), Tag{0, i}));
        bench.to_port(A, 1).push(make_frame(bench.pool(), Tag{1, i}));
    }
    bench.quiet();
    EXPECT_EQ(bench.totals(A, 0).rx_not_collecting, 0u);
    EXPECT_EQ(bench.totals(A, 1).rx_packets, 100u);
    EXPECT_EQ(bench.totals(A, 1).rx_not_collecting, 100u);
    const std::vector<Tag> came = bench.receive(A);
    EXPECT_EQ(came.size(), 100u);
    for (const Tag &tag : came)
        EXPECT_EQ(tag.flow, 0u);
    bench.check_balance(A);
}

TEST(Drops, ADeviceThatTakesNothingMoreIsCountedAndCostsNoBuffer) {
    Bench bench(
        {.protocol = Protocol::FAILOVER, .cables = 1, .two_laggs = false, .cable_size = 64});
    bench.quiet();
    const unsigned announced = bench.from_port(A, 0).count();
    const unsigned room = 63 - announced;
    for (uint32_t i = 0; i < 500; ++i)
        bench.send(A, {0, i});
    bench.quiet();
    EXPECT_EQ(bench.totals(A, 0).tx_packets, room);
    EXPECT_EQ(bench.totals(A, 0).tx_bytes, room * 64);
    EXPECT_EQ(bench.totals(A, 0).tx_full, 500u - room);
    EXPECT_EQ(bench.from_port(A, 0).count(), 63u);
    bench.check_balance(A);
}

TEST(Drops, BroadcastToAFullCableDoesNotHoldUpTheOther) {
    Bench bench(
        {.protocol = Protocol::BROADCAST, .cables = 2, .two_laggs = false, .cable_size = 64});
    std::vector<uint32_t> numbers;
    for (uint32_t i = 0; i < 500;) {
        for (uint32_t n = 0; n < 50; ++n, ++i)
            bench.send(A, {0, i});
        bench.quiet();
        while (rte_mbuf *frame = bench.from_port(A, 1).pop())
            numbers.push_back(take_tag(frame).number);
    }
    EXPECT_EQ(numbers.size(), 500u);
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
    EXPECT_EQ(bench.totals(A, 0).tx_full, 500u - 63);
    bench.check_balance(A, 2);
}

} // namespace lagg::worker
