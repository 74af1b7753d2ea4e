// Slow-protocol frames travel beside the data: up to the protocol thread and never to the client,
// down ahead of everything else.
#include "tests/dataplane/worker/bench.hh"

#include "lacp/lacpdu.hh"
#include "lacp/marker.hh"

#include <rte_mbuf.h>

namespace lagg::worker {

namespace {

std::vector<uint8_t> slow_frame(uint8_t subtype, size_t size = 124) {
    std::vector<uint8_t> bytes(size);
    const uint8_t header[] = {0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 9, 9, 0x88, 0x09, subtype};
    std::copy(std::begin(header), std::end(header), bytes.begin());
    return bytes;
}

/// A Marker PDU (802.1AX 6.5.3.3).
std::vector<uint8_t> marker() {
    std::vector<uint8_t> bytes = slow_frame(2);
    bytes[15] = 1;
    bytes[16] = 1;
    bytes[17] = 16;
    return bytes;
}

/// Takes frames off the cable until one is a slow-protocol frame; how many data frames were before
/// it.
unsigned data_frames_before_slow(Ring &cable) {
    for (unsigned count = 0;; ++count) {
        rte_mbuf *frame = cable.pop();
        if (frame == nullptr) return ~0u;
        const bool slow = is_slow(frame);
        free_frame(frame);
        if (slow) return count;
    }
}

} // namespace

TEST(SlowProtocol, FramesNeverComeOutAtTheUpperSide) {
    for (const Protocol protocol :
         {Protocol::LACP, Protocol::FAILOVER, Protocol::LOADBALANCE, Protocol::BROADCAST}) {
        Bench bench({.protocol = protocol, .cables = 2, .two_laggs = false});
        for (const uint8_t subtype : {0, 1, 2, 3, 10, 200})
            for (const size_t size : {15, 60, 124, 1514})
                bench.to_port(A, 0).push(make_frame(bench.pool(), slow_frame(subtype, size)));
        bench.quiet();
        EXPECT_TRUE(bench.receive(A).empty());
        EXPECT_EQ(bench.upper_totals(A).tx_packets, 0u) << to_text(protocol);
        EXPECT_EQ(bench.totals(A, 0).slow_rx, 24u) << to_text(protocol);
        EXPECT_EQ(bench.totals(A, 0).rx_packets, 24u) << to_text(protocol);
        EXPECT_EQ(bench.totals(A, 0).rx_not_collecting, 0u) << to_text(protocol);
    }
}

// Nobody takes them, but it is said that they come: a port that hears nothing else is not
// collecting.
TEST(SlowProtocol, TaggedOnesAreNoticedWhereNothingElseIsHeard) {
    Bench bench({.protocol = Protocol::LACP, .cables = 1, .two_laggs = false});
    std::vector<uint8_t> tagged = slow_frame(1);
    const uint8_t tag[] = {0x81, 0x00, 0x20, 0x05};
    lacp::Lacpdu pdu;
    const lacp::Frame bare = lacp::encode(pdu, {2, 0, 0, 0, 9, 9});
    tagged.assign(bare.begin(), bare.end());
    tagged.insert(tagged.begin() + 12, std::begin(tag), std::end(tag));
    for (uint32_t i = 0; i < 10; ++i) {
        bench.to_port(A, 0).push(make_frame(bench.pool(), tagged));
        bench.to_port(A, 0).push(make_frame(bench.pool(), Tag{0, i}));
    }
    bench.quiet();
    EXPECT_EQ(bench.totals(A, 0).rx_not_collecting, 10u);
    ASSERT_TRUE(Bench::wait_until([&] {
        const auto lacp = bench.describe(A).ports[0].lacp;
        return lacp && lacp->tagged && lacp->tagged->count == 10;
    }));
    const api::LacpPort lacp = *bench.describe(A).ports[0].lacp;
    EXPECT_EQ(lacp.tagged->vlan, 5);
    EXPECT_EQ(lacp.counters.lacpdus_rx, 0u);
    EXPECT_EQ(lacp.counters.unknown_rx, 0u);
}

TEST(SlowProtocol, TheFramesAroundOneArePassedOn) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 1, .two_laggs = false});
    for (uint32_t i = 0; i < 100; ++i) {
        bench.to_port(A, 0).push(make_frame(bench.pool(), Tag{0, i}));
        bench.to_port(A, 0).push(make_frame(bench.pool(), slow_frame(1)));
    }
    bench.quiet();
    const std::vector<Tag> came = bench.receive(A);
    ASSERT_EQ(came.size(), 100u);
    for (uint32_t i = 0; i < 100; ++i)
        EXPECT_EQ(came[i].number, i);
    EXPECT_EQ(bench.upper_totals(A).tx_bytes, 100u * 64);
    bench.check_balance(A);
}

TEST(SlowProtocol, AFloodOfThemIsDroppedAndCountedAndNothingElseIs) {
    Bench bench({.protocol = Protocol::LACP, .cables = 1, .two_laggs = false});
    uint64_t sent = 0;
    for (int burst = 0; burst < 6; ++burst) {
        for (int i = 0; i < 900; ++i)
            sent += bench.to_port(A, 0).push(make_frame(bench.pool(), slow_frame(1)));
        bench.quiet();
    }
    EXPECT_EQ(bench.totals(A, 0).slow_rx, sent);
    EXPECT_LE(bench.totals(A, 0).slow_dropped, sent);
    EXPECT_EQ(bench.upper_totals(A).tx_packets, 0u);
}

TEST(SlowProtocol, AMarkerIsAnsweredOnTheCableItCameFrom) {
    Bench bench({.protocol = Protocol::LACP, .cables = 2, .two_laggs = false});
    bench.to_port(A, 1).push(make_frame(bench.pool(), marker()));
    bool answered = false;
    EXPECT_TRUE(Bench::wait_until([&] {
        while (rte_mbuf *frame = bench.from_port(A, 1).pop()) {
            const auto *bytes = rte_pktmbuf_mtod(frame, const uint8_t *);
            answered = answered || (bytes[14] == 2 && bytes[16] == 2);
            free_frame(frame);
        }
        return answered;
    }));
    while (rte_mbuf *frame = bench.from_port(A, 0).pop()) {
        EXPECT_NE(rte_pktmbuf_mtod(frame, const uint8_t *)[14], 2)
            << "a Marker response on the other cable";
        free_frame(frame);
    }
}

// Without its upper device, which had one queue, the lagg is served by both workers, and stands
// still until the first of them let go of it.
TEST(SlowProtocol, AFarewellIsWaitedForWhileItsLaggStandsStill) {
    for (int i = 0; i < 50 && !testing::Test::HasFailure(); ++i) {
        Bench bench({.protocol = Protocol::LACP,
                     .cables = 1,
                     .two_laggs = false,
                     .workers = 2,
                     .queues = 2,
                     .upper_queues = 1});
        uint64_t before = 0;
        bench.protocol().call([&](aggregation::Engine &engine, lacp::Time now) {
            before = bench.totals(A, 0).slow_tx;
            aggregation::WantedLagg wanted = engine.in_force("lagg0");
            wanted.upper = {};
            engine.put(std::span(&wanted, 1), now);
            engine.leave("lagg0", {}, now);
        });
        EXPECT_TRUE(bench.wait_settled());
        bench.protocol().call(
            [&](aggregation::Engine &engine, lacp::Time now) { engine.remove_lagg("lagg0", now); });
        bench.protocol().wait_for_workers();
        EXPECT_EQ(bench.totals(A, 0).slow_tx, before + 1);
    }
}

TEST(SlowProtocol, LacpduFirstWhenAFullDeviceHasRoomAgain) {
    Bench bench(
        {.protocol = Protocol::LOADBALANCE, .cables = 1, .two_laggs = false, .cable_size = 64});
    Ring &cable = bench.from_port(A, 0);
    for (uint32_t i = 0; i < 200; ++i)
        bench.send(A, {0, i});
    bench.quiet();
    ASSERT_EQ(cable.count(), 63u);
    const std::vector<uint8_t> lacpdu = slow_frame(1);
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
        EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, 0).id(), lacpdu));
    });
    EXPECT_TRUE(bench.wait_settled());
    EXPECT_EQ(bench.totals(A, 0).slow_tx, 0u) << "there was no room";
    EXPECT_EQ(bench.totals(A, 0).slow_dropped, 0u) << "it waits";

    free_frame(cable.pop());
    ASSERT_TRUE(Bench::wait_until([&] { return bench.totals(A, 0).slow_tx == 1; }));
    EXPECT_EQ(data_frames_before_slow(cable), 62u);
}

TEST(SlowProtocol, FullDevicesDoNotHoldUpTheLacpdusOfOthers) {
    Bench bench(
        {.protocol = Protocol::BROADCAST, .cables = 3, .two_laggs = false, .cable_size = 64});
    for (uint32_t i = 0; i < 63; ++i)
        bench.send(A, {0, i});
    bench.quiet();
    while (rte_mbuf *frame = bench.from_port(A, 2).pop())
        free_frame(frame);
    const std::vector<uint8_t> lacpdu = slow_frame(1);
    constexpr uint64_t kFrames = 200; // more than a worker keeps waiting
    for (uint64_t i = 1; i <= kFrames; ++i) {
        bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
            for (const unsigned cable : {0u, 1u, 2u})
                EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, cable).id(), lacpdu));
        });
        ASSERT_TRUE(Bench::wait_until([&] { return bench.totals(A, 2).slow_tx == i; }));
        free_frame(bench.from_port(A, 2).pop());
    }
    EXPECT_TRUE(bench.wait_settled());
    for (const unsigned full : {0u, 1u}) {
        EXPECT_EQ(bench.totals(A, full).slow_tx, 0u);
        EXPECT_EQ(bench.totals(A, full).slow_dropped, kFrames - 1) << "the oldest waits";
    }
    EXPECT_EQ(bench.totals(A, 2).slow_dropped, 0u);
}

// A frame that is queued after a state was published finds that state: the first LACPDU of a port
// is not lost.
TEST(SlowProtocol, AFrameQueuedRightAfterItsPortCameIsSent) {
    // With the other port the lagg stays where it is, and has nothing to announce.
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2, .two_laggs = false});
    const std::vector<uint8_t> lacpdu = slow_frame(1);
    for (uint64_t i = 1; i <= 400; ++i) {
        bench.detach(A, 0);
        bench.attach(A, 0);
        bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
            EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, 0).id(), lacpdu));
        });
        ASSERT_TRUE(bench.wait_settled());
        ASSERT_EQ(bench.totals(A, 0).slow_tx, i);
        free_frame(bench.from_port(A, 0).pop());
    }
    EXPECT_EQ(bench.totals(A, 0).slow_dropped, 0u);
}

TEST(SlowProtocol, NoDeviceNoFrame) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2, .two_laggs = false});
    bench.detach(A, 0);
    const std::vector<uint8_t> lacpdu = slow_frame(1);
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
        EXPECT_FALSE(engine.fleet().send_slow(bench.device(A, 0).id(), lacpdu));
        EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, 1).id(), lacpdu));
    });
}

// A partner with the short timeout gives up after three seconds without an LACPDU.
TEST(SlowProtocol, LacpStaysUpWhileDataSaturatesTheWorker) {
    Bench bench({.protocol = Protocol::LACP, .cables = 2, .cable_size = 64});
    ASSERT_TRUE(bench.wait_distributing(2));
    const double before = bench.describe(A).last_change_seconds;
    const auto end = std::chrono::steady_clock::now() + 4s;
    for (uint32_t number = 0; std::chrono::steady_clock::now() < end; ++number) {
        bench.send(A, {number % 16, number}); // most find the client's ring full
        if (number % 16 == 0) bench.receive(B);
    }
    EXPECT_EQ(bench.distributing(A), 2u);
    EXPECT_EQ(bench.distributing(B), 2u);
    EXPECT_GE(bench.describe(A).last_change_seconds, before + 4) << "LACP flapped meanwhile";
    for (const Side side : {A, B})
        for (const unsigned cable : {0u, 1u})
            EXPECT_EQ(bench.totals(side, cable).slow_dropped, 0u);
    bench.quiet();
    bench.receive(B);
    bench.check_balance(A);
    bench.check_balance(B);
}

} // namespace lagg::worker
