// Room that one port's slow-protocol frames may take from another's, announcements that wait for
// each other, and frames of the link that are nobody's.
#include "tests/dataplane/worker/bench.hh"

#include <rte_mbuf.h>

#include <set>
#include <thread>

namespace lagg::worker {

namespace {

/// A frame for a group of the link.
std::vector<uint8_t> link_frame(uint8_t group, uint16_t type, uint8_t subtype) {
    std::vector<uint8_t> bytes(124);
    const uint8_t header[] = {0x01,
                              0x80,
                              0xc2,
                              0,
                              0,
                              group,
                              2,
                              0,
                              0,
                              0,
                              9,
                              9,
                              static_cast<uint8_t>(type >> 8),
                              static_cast<uint8_t>(type),
                              subtype};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    return bytes;
}
const std::vector<uint8_t> kLacpdu = link_frame(2, 0x8809, 1);
const std::vector<uint8_t> kOam = link_frame(2, 0x8809, 3);
const std::vector<uint8_t> kEsmc = link_frame(2, 0x8809, 10);
const std::vector<uint8_t> kPause = link_frame(1, 0x8808, 0);

bool came(Bench &bench, unsigned cable, uint64_t frames) {
    return Bench::wait_until([&] { return bench.totals(A, cable).rx_packets == frames; });
}

config::Alias alias(uint32_t number) {
    config::Alias alias;
    alias.address = {10, 1, static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
    alias.prefix_length = 8;
    return alias;
}

/// The address that a gratuitous ARP is about.
uint32_t announced(const rte_mbuf *frame) {
    const auto *bytes = rte_pktmbuf_mtod(frame, const uint8_t *);
    if (bytes[12] != 0x08 || bytes[13] != 0x06) return ~0u;
    return static_cast<uint32_t>(bytes[30] << 8 | bytes[31]);
}

} // namespace

// The protocol thread is held up, so that all of them wait.
TEST(Sharing, AFloodOnOnePortTakesNoRoomFromAnother) {
    Bench bench({.protocol = Protocol::LACP, .cables = 2, .two_laggs = false});
    constexpr uint64_t kFlood = 900;
    bench.protocol().call([&](aggregation::Engine &, lacp::Time) {
        for (uint64_t i = 0; i < kFlood; ++i)
            ASSERT_TRUE(bench.to_port(A, 0).push(make_frame(bench.pool(), kLacpdu)));
        EXPECT_TRUE(came(bench, 0, kFlood));
        ASSERT_TRUE(bench.to_port(A, 1).push(make_frame(bench.pool(), kLacpdu)));
        EXPECT_TRUE(came(bench, 1, 1));
    });
    EXPECT_EQ(bench.totals(A, 0).slow_rx_full, kFlood - kSlowShare);
    EXPECT_EQ(bench.totals(A, 1).slow_rx_full, 0u);
    const auto lacp = [&](unsigned port) { return *bench.describe(A).ports[port].lacp; };
    const auto heard = [&](unsigned port) {
        return lacp(port).counters.lacpdus_rx + lacp(port).counters.illegal_rx;
    };
    EXPECT_TRUE(Bench::wait_until([&] { return heard(1) == 1; }));
    EXPECT_TRUE(Bench::wait_until([&] { return heard(0) == kSlowShare; }));
    // There is room again.
    ASSERT_TRUE(bench.to_port(A, 0).push(make_frame(bench.pool(), kLacpdu)));
    EXPECT_TRUE(Bench::wait_until([&] { return heard(0) == kSlowShare + 1; }));
    EXPECT_EQ(bench.describe(A).ports[0].counters.slow_rx_full, kFlood - kSlowShare);
}

// More than a ring holds, and a cable that takes a few frames at a time.
TEST(Sharing, NoAnnouncementIsLostAndLacpdusDoNotWaitForThem) {
    constexpr uint32_t kAliases = 1500;
    Bench bench({.protocol = Protocol::FAILOVER,
                 .cables = 1,
                 .two_laggs = false,
                 .cable_size = 16,
                 .adjust = [](config::Lagg &lagg) {
                     for (uint32_t i = 0; i < kAliases; ++i)
                         lagg.aliases.push_back(alias(i));
                 }});
    std::set<uint32_t> seen;
    unsigned behind_lacpdu = 0;
    const auto take = [&] {
        while (rte_mbuf *frame = bench.from_port(A, 0).pop()) {
            if (is_slow(frame))
                behind_lacpdu = kAliases - static_cast<uint32_t>(seen.size());
            else if (const uint32_t number = announced(frame); number != ~0u)
                seen.insert(number);
            free_frame(frame);
        }
        return seen.size() == kAliases;
    };
    EXPECT_FALSE(take());
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
        EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, 0).id(), kLacpdu));
    });
    EXPECT_TRUE(Bench::wait_until(take)) << seen.size() << " of them came";
    EXPECT_GT(behind_lacpdu, kAliases / 2);
    EXPECT_EQ(bench.totals(A, 0).slow_dropped, 0u);
}

TEST(Sharing, AnnouncementsThatWereCutOffAreMadeAgainAtTheNextPlace) {
    constexpr uint32_t kAliases = 600;
    Bench bench({.protocol = Protocol::FAILOVER,
                 .cables = 2,
                 .two_laggs = false,
                 .cable_size = 16,
                 .adjust = [](config::Lagg &lagg) {
                     for (uint32_t i = 0; i < kAliases; ++i)
                         lagg.aliases.push_back(alias(i));
                 }});
    bench.detach(A, 0);
    std::set<uint32_t> seen;
    EXPECT_TRUE(Bench::wait_until([&] {
        while (rte_mbuf *frame = bench.from_port(A, 1).pop()) {
            seen.insert(announced(frame));
            free_frame(frame);
        }
        return seen.size() == kAliases;
    }));
}

// Its device's number is another port's by then.
TEST(Sharing, AnnouncementsOfALaggThatWasRemovedAreNotSent) {
    Bench bench({.protocol = Protocol::FAILOVER,
                 .cables = 1,
                 .two_laggs = false,
                 .cable_size = 16,
                 .adjust = [](config::Lagg &lagg) {
                     for (uint32_t i = 0; i < 600; ++i)
                         lagg.aliases.push_back(alias(i));
                 }});
    Ring &cable = bench.from_port(A, 0);
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time now) {
        engine.detach("lagg0", "a0", now);
        engine.remove_lagg("lagg0", now);
        while (rte_mbuf *frame = cable.pop())
            free_frame(frame);
        aggregation::WantedLagg other;
        other.config.name = "lagg7";
        other.config.protocol = Protocol::LOADBALANCE;
        other.config.ports = {"a0"};
        other.identity = {.mac = {2, 0, 0, 0, 0, 7}, .slot = 7};
        other.ports = {{.name = "a0", .attached = bench.attached(A, 0)}};
        engine.put(std::span(&other, 1), now);
    });
    EXPECT_TRUE(bench.wait_settled());
    unsigned announcements = 0;
    for (int round = 0; round < 50; ++round) {
        EXPECT_TRUE(bench.wait_settled());
        while (rte_mbuf *frame = cable.pop()) {
            announcements += announced(frame) != ~0u;
            free_frame(frame);
        }
    }
    // The worker had taken some before the port left.
    EXPECT_LE(announcements, kMostAnnouncements + 16);
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time now) {
        engine.detach("lagg7", "a0", now);
        engine.remove_lagg("lagg7", now);
    });
    bench.protocol().wait_for_workers();
}

TEST(Sharing, FramesOfTheLinkAreDroppedAndCountedByName) {
    for (const Protocol protocol : {Protocol::LACP, Protocol::LOADBALANCE}) {
        Bench bench({.protocol = protocol, .cables = 1, .two_laggs = false});
        for (const auto &frame : {kOam, kEsmc, kEsmc, kPause, kPause, kPause})
            ASSERT_TRUE(bench.to_port(A, 0).push(make_frame(bench.pool(), frame)));
        bench.quiet();
        const api::Counters counters = bench.describe(A).ports[0].counters;
        EXPECT_EQ(counters.oam_rx, 1u);
        EXPECT_EQ(counters.esmc_rx, 2u);
        EXPECT_EQ(counters.slow_rx, 3u);
        EXPECT_EQ(counters.mac_control_rx, 3u);
        EXPECT_EQ(counters.rx_packets, 6u);
        EXPECT_EQ(bench.upper_totals(A).tx_packets, 0u);
        if (protocol == Protocol::LACP) {
            EXPECT_EQ(bench.describe(A).ports[0].lacp->counters.unknown_rx, 3u);
        }
    }
}

// A burst is looked at four frames at a time and the rest one by one.
TEST(Sharing, PauseIsFoundAtEveryPlaceOfABurst) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 1, .two_laggs = false});
    uint64_t data = 0;
    uint64_t pauses = 0;
    for (unsigned size = 1; size <= 9; ++size) {
        for (unsigned place = 0; place < size; ++place) {
            std::vector<rte_mbuf *> burst;
            for (unsigned i = 0; i < size; ++i)
                burst.push_back(i == place ? make_frame(bench.pool(), kPause)
                                           : make_frame(bench.pool(), Tag{0, i}));
            ASSERT_TRUE(bench.to_port(A, 0).push_all(burst));
            data += size - 1;
            ++pauses;
            bench.quiet();
            EXPECT_EQ(bench.receive(A).size(), size - 1) << size << " frames, PAUSE at " << place;
        }
    }
    EXPECT_EQ(bench.totals(A, 0).mac_control_rx, pauses);
    EXPECT_EQ(bench.upper_totals(A).tx_packets, data);
    bench.check_balance(A);
}

TEST(Sharing, PauseOfAClientDoesNotReachTheSwitch) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2, .two_laggs = false});
    for (int i = 0; i < 8; ++i)
        ASSERT_TRUE(bench.send(A, kPause));
    bench.quiet();
    EXPECT_EQ(bench.totals(A, 0).tx_packets + bench.totals(A, 1).tx_packets, 0u);
    EXPECT_EQ(bench.upper_totals(A).slow_dropped, 8u);
}

} // namespace lagg::worker
