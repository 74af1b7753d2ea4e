// Which worker polls which queue: every worker its own, and every queue somebody's.
#include "tests/dataplane/worker/bench.hh"

namespace lagg::worker {

namespace {

ForwardingState state_of(const std::vector<uint16_t> &shares) {
    ForwardingState state;
    for (size_t l = 0; l < shares.size(); ++l) {
        LaggForwarding &lagg = state.laggs.emplace_back();
        lagg.slot = static_cast<uint8_t>(l);
        lagg.share = shares[l];
        lagg.member_count = 2;
        lagg.members[0].device = static_cast<port::DeviceId>(2 * l);
        // The other place is free.
    }
    return state;
}

} // namespace

TEST(AssignQueues, LaggsOfOneQueueAreLaidOverTheWorkersInTurn) {
    ForwardingState state = state_of({1, 1, 1});
    assign_queues(state, 2);
    EXPECT_EQ(state.laggs[0].queue_of_worker[0], 0);
    EXPECT_EQ(state.laggs[0].queue_of_worker[1], kNoQueue);
    EXPECT_EQ(state.laggs[1].queue_of_worker[0], kNoQueue);
    EXPECT_EQ(state.laggs[1].queue_of_worker[1], 0);
    EXPECT_EQ(state.laggs[2].queue_of_worker[0], 0);
}

TEST(AssignQueues, NoQueueHasTwoWorkersAndNoneMoreThanThereAre) {
    for (unsigned workers = 1; workers <= 4; ++workers)
        for (uint16_t queues = 0; queues <= 6; ++queues) {
            ForwardingState state = state_of({queues, 1, queues, queues});
            assign_queues(state, workers);
            for (const LaggForwarding &lagg : state.laggs) {
                std::vector<unsigned> pollers(8);
                for (size_t worker = 0; worker < kMaxWorkers; ++worker) {
                    if (lagg.queue_of_worker[worker] == kNoQueue) continue;
                    EXPECT_LT(worker, workers);
                    ++pollers.at(lagg.queue_of_worker[worker]);
                }
                const unsigned share =
                    std::clamp<unsigned>(&lagg == &state.laggs[1] ? 1 : queues, 1, workers);
                for (unsigned queue = 0; queue < pollers.size(); ++queue)
                    EXPECT_EQ(pollers[queue], queue < share ? 1u : 0u)
                        << workers << " workers, queue " << queue;
            }
        }
}

TEST(AssignQueues, ALaggStaysWhereItIsWhenAnotherGoes) {
    ForwardingState both = state_of({1, 1});
    assign_queues(both, 2);
    ForwardingState second_alone = both;
    second_alone.laggs.erase(second_alone.laggs.begin());
    assign_queues(second_alone, 2);
    EXPECT_EQ(second_alone.laggs[0].queue_of_worker, both.laggs[1].queue_of_worker);
}

TEST(AssignQueues, AHeldLaggHasNoWorkerAndSendsNothing) {
    ForwardingState state = state_of({1, 1});
    assign_queues(state, 2, {1});
    EXPECT_EQ(state.laggs[0].queue_of_worker[0], 0);
    for (uint16_t queue : state.laggs[1].queue_of_worker)
        EXPECT_EQ(queue, kNoQueue);
    EXPECT_EQ(state.slow_worker[state.laggs[1].members[0].device], kMaxWorkers);
}

TEST(AssignQueues, SlowFramesOfAPortGoThroughTheWorkerOfItsQueueZero) {
    ForwardingState state = state_of({2, 1});
    assign_queues(state, 2);
    for (const LaggForwarding &lagg : state.laggs) {
        const port::DeviceId device = lagg.members[0].device;
        ASSERT_LT(state.slow_worker[device], 2);
        EXPECT_EQ(lagg.queue_of_worker[state.slow_worker[device]], 0);
    }
    EXPECT_EQ(state.slow_worker[1], kMaxWorkers) << "a device that is no member";
}

TEST(Queues, EachWorkerMovesItsOwnAndFramesStayInTheirQueue) {
    Bench bench({.protocol = Protocol::LOADBALANCE,
                 .cables = 2,
                 .two_laggs = false,
                 .workers = 2,
                 .queues = 2});
    for (uint32_t i = 0; i < 300; ++i)
        bench.send(A, {i, i}, 0);
    for (uint32_t i = 0; i < 100; ++i)
        bench.send(A, {i, i}, 1);
    bench.quiet();
    const port::DeviceId upper = bench.upper(A).id();
    std::array<uint64_t, 2> by_worker{bench.fleet().worker(0).counters(upper).rx_packets.value(),
                                      bench.fleet().worker(1).counters(upper).rx_packets.value()};
    EXPECT_EQ(by_worker, (std::array<uint64_t, 2>{300, 100}));
    EXPECT_EQ(bench.from_port(A, 0, 0).count() + bench.from_port(A, 1, 0).count(), 300u);
    EXPECT_EQ(bench.from_port(A, 0, 1).count() + bench.from_port(A, 1, 1).count(), 100u);
    bench.check_balance(A);
}

TEST(Queues, NoneIsReadByTwoWorkers) {
    Bench bench({.cables = 2, .two_laggs = false, .workers = 2, .queues = 2});
    for (uint32_t i = 0; i < 300; ++i)
        bench.to_port(A, 0, 0).push(make_frame(bench.pool(), Tag{0, i}));
    for (uint32_t i = 0; i < 100; ++i)
        bench.to_port(A, 0, 1).push(make_frame(bench.pool(), Tag{1, i}));
    bench.quiet();
    const port::DeviceId device = bench.device(A, 0).id();
    EXPECT_EQ(bench.fleet().worker(0).counters(device).rx_packets.value(), 300u);
    EXPECT_EQ(bench.fleet().worker(1).counters(device).rx_packets.value(), 100u);
    EXPECT_EQ(bench.receive(A).size(), 400u);
}

// A device spreads what it receives over all of its queues, whatever the others have.
TEST(Queues, NoneGoesUnreadWhereAnotherDeviceHasFewer) {
    Bench bench({.cables = 2, .two_laggs = false, .workers = 2, .queues = 2, .upper_queues = 1});
    for (const unsigned queue : {0u, 1u})
        for (uint32_t i = 0; i < 100; ++i)
            bench.to_port(A, 0, queue).push(make_frame(bench.pool(), Tag{queue, i}));
    bench.quiet();
    EXPECT_EQ(bench.receive(A).size(), 200u);
    for (uint32_t i = 0; i < 100; ++i)
        bench.send(A, {i, i});
    bench.quiet();
    EXPECT_EQ(bench.totals(A, 0).tx_packets + bench.totals(A, 1).tx_packets, 100u);
    bench.check_balance(A);
}

TEST(Queues, TwoWorkersDeliverEverythingThroughLacp) {
    Bench bench({.protocol = Protocol::LACP, .cables = 2, .workers = 2, .queues = 2});
    ASSERT_TRUE(bench.wait_distributing(2));
    std::map<uint32_t, int> came;
    for (uint32_t i = 0; i < 5000;) {
        for (int n = 0; n < 200; ++n, ++i)
            bench.send(A, {i % 64, i}, i % 2);
        bench.quiet();
        for (const Tag &tag : bench.receive(B))
            ++came[tag.number];
    }
    EXPECT_EQ(came.size(), 5000u);
    for (const auto &[number, count] : came)
        ASSERT_EQ(count, 1) << "frame " << number;
    bench.check_balance(A);
    bench.check_balance(B);
}

TEST(Queues, TwoLaggsOfOneQueueAreSharedByTwoWorkers) {
    Bench bench({.protocol = Protocol::LOADBALANCE, .cables = 2, .workers = 2, .queues = 1});
    EXPECT_EQ(pump(bench, A, 2000).size(), 2000u);
    EXPECT_EQ(bench.fleet().worker(0).counters(bench.upper(A).id()).rx_packets.value(), 2000u);
    EXPECT_EQ(bench.fleet().worker(1).counters(bench.upper(B).id()).tx_packets.value(), 2000u);
}

} // namespace lagg::worker
