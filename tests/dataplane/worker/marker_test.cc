// Markers keep the order of frames: an answer leaves after all that came before the question, and
// flows change their port between two live ones without a frame lost, doubled or overtaken.
#include "tests/dataplane/worker/stream.hh"

#include "lacp/marker.hh"

#include <rte_ethdev.h>
#include <rte_mbuf.h>

namespace lagg::worker {

namespace {

/// True when a Marker Response came out of the ring; everything else that came is freed.
bool take_response(Ring &ring) {
    bool found = false;
    while (rte_mbuf *frame = ring.pop()) {
        const std::span<const uint8_t> bytes{rte_pktmbuf_mtod(frame, const uint8_t *),
                                             frame->data_len};
        const auto pdu = lacp::classify(bytes) == lacp::SlowProtocol::MARKER
                             ? lacp::decode_marker(bytes)
                             : std::nullopt;
        found = found || (pdu && pdu->response);
        free_frame(frame);
    }
    return found;
}

void set_drain(Bench &bench, const std::string &port, bool on) {
    bench.protocol().call([&](aggregation::Engine &engine, lacp::Time now) {
        ASSERT_TRUE(engine.set_drain("lagg0", port, on, now));
    });
}

bool is_settled(Bench &bench, const std::string &port, bool drained) {
    for (const api::Port &p : bench.describe(A).ports)
        if (p.name == port) return drained ? p.buckets == 0 && !p.distributing : p.distributing;
    return false;
}

} // namespace

TEST(Marker, IsAnsweredAfterAllThatCameBeforeItOnEveryQueue) {
    constexpr uint32_t kFrames = 3000;
    Bench bench({.protocol = Protocol::LACP,
                 .cables = 1,
                 .two_laggs = false,
                 .workers = 2,
                 .queues = 2,
                 .cable_size = 4096,
                 .adjust = [](config::Lagg &lagg) { lagg.lacp.strict = false; }});
    ASSERT_TRUE(bench.wait_distributing(1));
    // So that the other queue is still being read long after the Marker has reached the protocol
    // thread.
    ASSERT_NE(rte_eth_add_rx_callback(bench.device(A, 0).id(), 1, dawdle, nullptr), nullptr);
    // Six answers a second are the limit.
    for (uint32_t round = 0; round < 6; ++round) {
        take_response(bench.from_port(A, 0));
        for (uint32_t i = 0; i < kFrames; ++i)
            bench.to_port(A, 0, 1).push(make_frame(bench.pool(), Tag{1, i}));
        const lacp::Frame marker = lacp::encode({false, 7, {2, 2, 2, 2, 2, 2}, round}, {2, 9});
        bench.to_port(A, 0, 0).push(make_frame(bench.pool(), marker));
        const auto deadline = std::chrono::steady_clock::now() + 8s;
        while (!take_response(bench.from_port(A, 0)))
            ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no answer";
        EXPECT_EQ(bench.receive(A).size(), kFrames) << "the answer was ahead of frames";
    }
}

class Moving : public testing::TestWithParam<unsigned> {};

TEST_P(Moving, BetweenLivePortsLosesDoublesAndReordersNothing) {
    constexpr uint32_t kMoves = 6; // away and back, each three times
    constexpr uint32_t kFramesAfter = 20'000;
    Bench bench({.protocol = Protocol::LACP,
                 .cables = 3,
                 .workers = 2,
                 .queues = GetParam(),
                 .cable_size = 4096});
    ASSERT_TRUE(bench.wait_distributing(3));
    Stream stream(bench, 64, GetParam());
    bool drained = false;
    uint32_t moves = 0;
    uint32_t sent = 0;
    while (moves < kMoves || !is_settled(bench, "a1", drained)) {
        stream.send_until(sent += 1000);
        bench.pass_waiting();
        if (!is_settled(bench, "a1", drained)) continue; // the last one is still under way
        drained = !drained;
        set_drain(bench, "a1", drained);
        ++moves;
    }
    stream.send_until(sent + kFramesAfter);
    ASSERT_TRUE(stream.finish()) << "frames are lost";
    EXPECT_EQ(stream.overtaken, 0U);
    for (unsigned cable = 0; cable < 3; ++cable)
        EXPECT_EQ(bench.totals(A, cable).tx_full, 0U);
    EXPECT_EQ(bench.upper_totals(A).tx_no_member, 0U);
}

INSTANTIATE_TEST_SUITE_P(Queues, Moving, testing::Values(1U, 2U));

} // namespace lagg::worker
