// Ports, protocols and states change while packets flow: nothing is lost that is not counted,
// nothing is touched that was given back, and old states go away.
#include "tests/dataplane/worker/bench.hh"

#include <malloc.h>

#include <algorithm>
#include <set>

namespace lagg::worker {

namespace {

uint64_t dropped(Bench &bench, unsigned cables) {
    uint64_t count = 0;
    for (const Side side : {A, B}) {
        count += bench.upper_totals(side).tx_no_member + bench.upper_totals(side).tx_full;
        for (unsigned cable = 0; cable < cables; ++cable)
            count +=
                bench.totals(side, cable).tx_full + bench.totals(side, cable).rx_not_collecting;
    }
    return count;
}

void expect_no_copies(const std::vector<Tag> &tags) {
    std::set<uint32_t> seen;
    for (const Tag &tag : tags)
        EXPECT_TRUE(seen.insert(tag.number).second) << "frame " << tag.number << " came twice";
}

} // namespace

TEST(Change, ADetachedPortGetsNoFrameOnceSettled) {
    Bench bench({.protocol = Protocol::ROUNDROBIN, .cables = 2, .two_laggs = false});
    for (uint32_t i = 0; i < 500; ++i)
        bench.send(A, {i, i}); // still on their way when the port goes
    bench.detach(A, 0);
    ASSERT_TRUE(bench.wait_settled());
    const unsigned sent_before = bench.from_port(A, 0).count();
    bench.to_port(A, 0).push(make_frame(bench.pool(), Tag{}));
    for (uint32_t i = 0; i < 500; ++i)
        bench.send(A, {i, i});
    ASSERT_TRUE(Bench::wait_until([&] { return bench.upper_totals(A).rx_packets == 1000; }));
    ASSERT_TRUE(bench.wait_settled());
    EXPECT_EQ(bench.from_port(A, 0).count(), sent_before) << "frames went to a port that is gone";
    EXPECT_EQ(bench.to_port(A, 0).count(), 1u) << "a port that is gone was still read";
    EXPECT_EQ(bench.from_port(A, 1).count() + sent_before, 1000u);
}

TEST(Change, PortsComeAndGoUnderLoadAndEveryFrameIsAccountedFor) {
    constexpr uint32_t kFrames = 20000;
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 3});
    bool gone = false;
    std::vector<Tag> came = pump(bench, A, kFrames, 64, [&](uint32_t sent) {
        // Only the sender's end goes, so that what is on the cable already is still read.
        const unsigned cable = sent / 256 % 3;
        bench.detach(A, cable);
        for (uint32_t i = 0; i < 32; ++i)
            bench.send(A, {i, kFrames + sent + i});
        bench.attach(A, cable);
        gone = true;
    });
    EXPECT_TRUE(gone);
    bench.quiet();
    const std::vector<Tag> rest = bench.receive(B);
    came.insert(came.end(), rest.begin(), rest.end());
    expect_no_copies(came);
    EXPECT_EQ(came.size() + dropped(bench, 3), bench.upper_totals(A).rx_packets);
    EXPECT_EQ(dropped(bench, 3), 0u) << "another port was there all the time";
    bench.check_balance(A);
    bench.check_balance(B);
}

TEST(Change, EveryProtocolGivesWayToEveryOtherUnderLoad) {
    constexpr Protocol kAll[] = {Protocol::FAILOVER, Protocol::LOADBALANCE, Protocol::ROUNDROBIN,
                                 Protocol::LACP,     Protocol::BROADCAST,   Protocol::NONE};
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 3});
    size_t turn = 0;
    pump(bench, A, 36 * 256, 64, [&](uint32_t) {
        bench.set_protocol(A, kAll[turn / 6]);
        bench.set_protocol(B, kAll[turn % 6]);
        turn = (turn + 1) % 36;
    });
    for (const Side side : {A, B})
        bench.set_protocol(side, Protocol::ROUNDROBIN);
    ASSERT_TRUE(bench.wait_settled());
    bench.quiet();
    bench.receive(B);
    const std::vector<Tag> came = pump(bench, A, 1000);
    EXPECT_EQ(came.size(), 1000u);
    expect_no_copies(came);
    bench.check_balance(B);
}

TEST(Change, ALinkThatFlapsUnderLoadCostsNothingUncounted) {
    constexpr uint32_t kFrames = 10000;
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2});
    bool up = true;
    const std::vector<Tag> came = pump(bench, A, kFrames, 64, [&](uint32_t) {
        up = !up;
        bench.device(A, 1).set_link(up);
    });
    expect_no_copies(came);
    EXPECT_EQ(came.size(), kFrames);
    bench.check_balance(A);
}

TEST(Change, ManyChangesArePublishedOnceAndNoneNever) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2});
    const auto published_by = [&](const std::function<void(aggregation::WantedLagg &)> &change) {
        EXPECT_TRUE(bench.wait_settled());
        uint64_t before = 0, after = 0;
        bench.protocol().call([&](aggregation::Engine &engine, lacp::Time now) {
            before = engine.fleet().published();
            aggregation::WantedLagg wanted = engine.in_force("lagg0");
            change(wanted);
            engine.put(std::span(&wanted, 1), now);
            after = engine.fleet().published();
        });
        return after - before;
    };
    EXPECT_EQ(published_by([](aggregation::WantedLagg &) {}), 0U);
    EXPECT_EQ(published_by([](aggregation::WantedLagg &wanted) {
                  wanted.config.description = "workers know nothing of it";
                  wanted.config.lacp.key = 7;
              }),
              0U);
    EXPECT_EQ(published_by([](aggregation::WantedLagg &wanted) {
                  wanted.config.description = "another";
                  wanted.config.protocol = Protocol::ROUNDROBIN;
                  wanted.config.min_links = 2;
                  wanted.config.roundrobin_stride = 3;
                  wanted.config.ports = {wanted.config.ports[1], wanted.config.ports[0]};
                  std::swap(wanted.ports[0], wanted.ports[1]);
                  wanted.config.hash.seed = 5;
                  wanted.config.weights = config::Weights::SPEED;
                  wanted.ports[0].attached->weight = 3;
                  wanted.ports[1].attached->weight = 2;
                  wanted.identity.mac[5] = 0x77;
              }),
              1U);
}

TEST(Change, ThousandsOfStatesLeaveNoMemoryBehind) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2});
    const auto publish = [&](uint32_t count) {
        for (uint32_t i = 0; i < count; ++i) {
            bench.reconfigure(A, [&](config::Lagg &config) { config.hash.seed = i; });
            if (i % 16 == 0) bench.send(A, {i, i});
            if (i % 256 == 0) bench.receive(B);
        }
        EXPECT_TRUE(bench.wait_settled());
    };
    publish(200);
    const size_t before = mallinfo2().uordblks;
    publish(3000);
    const size_t after = mallinfo2().uordblks;
    // A state of two laggs takes 10 KB.
    EXPECT_LT(after, before + (size_t{1} << 20));
    // Every seed moves flows, so that what was sent last is held for a while.
    const auto is_out = [&] {
        return bench.totals(A, 0).tx_packets + bench.totals(A, 1).tx_packets ==
               bench.upper_totals(A).rx_packets;
    };
    EXPECT_TRUE(Bench::wait_until(is_out)) << "frames are still held";
    bench.quiet();
    // Frames that the last change of the seed holds back leave after a pause.
    EXPECT_TRUE(Bench::wait_until([&] {
        const DeviceTotals up = bench.upper_totals(A);
        return bench.totals(A, 0).tx_packets + bench.totals(A, 1).tx_packets + up.tx_no_member >=
               up.rx_packets;
    }));
    bench.quiet();
    bench.receive(B);
    bench.check_balance(A);
}

} // namespace lagg::worker
