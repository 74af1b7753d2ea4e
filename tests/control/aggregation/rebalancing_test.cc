// A lagg whose buckets follow a load that is made up here: what is measured, when buckets move, how
// they are held meanwhile, what is said, and that it ends.
#include "control/aggregation/rebalancing.hh"

#include "control/aggregation/describe.hh"
#include "tests/control/aggregation/log_of_test.hh"
#include "tests/control/aggregation/pair.hh"

namespace lagg::aggregation {
namespace {

using namespace std::chrono_literals;
using distribute::BucketTable;
using distribute::kBuckets;
using distribute::kHeldMember;

constexpr uint32_t kElephant = 500'000;

config::Lagg rebalanced(Protocol protocol, const Names &ports) {
    config::Lagg config = lagg(protocol, ports);
    config.hash.rebalance = true;
    return config;
}

/// Sums as workers keep them, of flows that each fill a bucket at a steady rate.
struct Traffic {
    Rebalancing::Octets rate{}; ///< octets a reading
    Rebalancing::Octets sums{};

    /// Elephants on the first `count` buckets that lead to the member.
    void elephants(const BucketTable &table, uint8_t member, size_t count) {
        for (size_t b = 0; b < kBuckets && count > 0; ++b)
            if (table.member[b] == member) rate[b] += kElephant, --count;
    }
    void read(Driven &driven) {
        for (size_t b = 0; b < kBuckets; ++b)
            sums[b] += rate[b];
        driven.aggregate.note_loads(sums, driven.now);
    }
    /// Readings until a plan was made, with the first one to compare with.
    void read_a_period(Driven &driven) {
        for (lacp::Duration time{}; time <= kPlanPeriod; time += kReadingPeriod)
            if (!driven.aggregate.flow_move().is_holding()) {
                driven.now = driven.now + kReadingPeriod;
                read(driven);
            }
    }
    /// The same while the two ends go on talking; what is planned is carried out.
    void read_a_period(Pair &pair) {
        for (lacp::Duration time{}; time <= kPlanPeriod; time += kReadingPeriod) {
            pair.run(std::chrono::duration_cast<std::chrono::milliseconds>(kReadingPeriod));
            read(pair.a);
        }
        pair.exchange();
    }
};

size_t count(const BucketTable &table, uint8_t member) {
    return static_cast<size_t>(std::ranges::count(table.member, member));
}

size_t markers(const std::vector<OutgoingFrame> &frames) {
    return static_cast<size_t>(std::ranges::count_if(frames, [](const OutgoingFrame &frame) {
        return lacp::classify(frame.bytes) == lacp::SlowProtocol::MARKER;
    }));
}

// ---- measuring

const BucketTable &halves() {
    static const BucketTable table =
        distribute::build(BucketTable::empty(), std::vector<uint32_t>{1, 1});
    return table;
}

TEST(Rebalancing, DifferencesOfSumsThatWrap) {
    Rebalancing rebalancing;
    Rebalancing::Octets sums;
    sums.fill(0xfffffff0);
    lacp::Time now{1s};
    EXPECT_FALSE(rebalancing.note(sums, now)) << "one reading is no measure";
    for (int reading = 1; reading <= 10; ++reading) {
        for (uint32_t &sum : sums)
            sum += 1000;
        now = now + kReadingPeriod;
        EXPECT_EQ(rebalancing.note(sums, now), reading == 10) << reading;
    }
    const distribute::Plan plan = rebalancing.plan(halves(), std::vector<uint32_t>{1, 1});
    EXPECT_DOUBLE_EQ(plan.before, 1);
    EXPECT_TRUE(plan.moves.empty());
}

TEST(Rebalancing, ALateReadingCannotBeTrusted) {
    Rebalancing rebalancing;
    const lacp::Time start{1s};
    EXPECT_FALSE(rebalancing.note({}, start));
    EXPECT_FALSE(rebalancing.wants_reading(start + (kReadingPeriod - 1ms)));
    EXPECT_TRUE(rebalancing.wants_reading(start + kReadingPeriod));
    EXPECT_FALSE(rebalancing.note({}, start + kPlanPeriod)) << "sums may have come round";
}

TEST(Rebalancing, AFewFramesAreNoLoad) {
    const std::vector<uint32_t> weights{1, 1};
    for (const uint32_t octets : {uint32_t(kIdleOctets / 2 - 1), uint32_t(kIdleOctets / 2)}) {
        Rebalancing rebalancing;
        Rebalancing::Octets sums{};
        lacp::Time now{1s};
        rebalancing.note(sums, now);
        sums[0] = sums[2] = octets; // both of member 0, which has every second bucket
        ASSERT_EQ(halves().member[0], halves().member[2]);
        for (int reading = 0; reading < 10; ++reading)
            rebalancing.note(sums, now = now + kReadingPeriod);
        EXPECT_EQ(rebalancing.plan(halves(), weights).moves.size(),
                  octets * 2 < kIdleOctets ? 0 : 1);
    }
}

// ---- in a lagg

TEST(Rebalanced, BucketsAreHeldAskedAboutReleasedAndToldOf) {
    Pair pair(rebalanced(Protocol::LACP, {"p0", "p1"}));
    pair.run(5s);
    Driven &a = pair.a;
    ASSERT_TRUE(a.aggregate.forwarding().measure);
    const BucketTable before = a.aggregate.buckets();
    const auto asked = [&a] {
        return a.aggregate.lacp()->snapshot().ports[0].counters.marker_pdus_tx;
    };
    const uint64_t asked_before = asked();
    Traffic traffic;
    traffic.elephants(before, 0, 4);

    Log log;
    (void)a.aggregate.take_frames();
    (void)a.aggregate.take_changed();
    traffic.read_a_period(a);
    EXPECT_TRUE(a.aggregate.take_changed());
    EXPECT_EQ(count(a.aggregate.forwarding().spread.table, kHeldMember), 2U);
    EXPECT_EQ(distribute::moved(before, a.aggregate.buckets()), 2U);
    EXPECT_FALSE(a.aggregate.wants_loads(a.now + 1s)) << "readings of a hold mean nothing";
    EXPECT_NE(log.text().find("lagg0: rebalances: 2 of 4096 buckets move, busiest port "
                              "2.00 -> 1.00 of the mean: p1 takes 2"),
              std::string::npos)
        << log.text();

    ASSERT_TRUE(a.aggregate.flow_move().wants_grace());
    a.hold_is_in_force();
    EXPECT_TRUE(a.aggregate.flow_move().is_holding());
    pair.exchange(); // the Marker, and its Response
    EXPECT_FALSE(a.aggregate.flow_move().is_holding());
    EXPECT_EQ(a.aggregate.forwarding().spread.table, a.aggregate.buckets());
    EXPECT_EQ(asked(), asked_before + 1);
    EXPECT_FALSE(a.aggregate.member_named("p0")->ignores_markers);

    const RebalanceHistory &history = a.aggregate.rebalance_history();
    EXPECT_EQ(history.rounds, 1U);
    EXPECT_EQ(history.buckets_moved, 2U);
    EXPECT_DOUBLE_EQ(history.last_before, 2);
    EXPECT_DOUBLE_EQ(history.last_after, 1);
    EXPECT_EQ(history.last_action, "p1 takes 2");

    a.now = a.now + 3s;
    const api::Rebalance shown = describe_rebalance(a.aggregate, a.now);
    EXPECT_TRUE(shown.enabled);
    EXPECT_EQ(shown.rounds, 1U);
    EXPECT_EQ(shown.buckets_moved, 2U);
    EXPECT_DOUBLE_EQ(shown.imbalance, 2);
    EXPECT_DOUBLE_EQ(shown.last_before, 2);
    EXPECT_DOUBLE_EQ(shown.last_after, 1);
    EXPECT_EQ(shown.last_action, "p1 takes 2");
    EXPECT_EQ(shown.seconds_ago, 3.0);
}

TEST(Rebalanced, ComesToRestAndNoEventUndoesIt) {
    Pair pair(rebalanced(Protocol::LACP, {"p0", "p1", "p2"}));
    pair.run(5s);
    Driven &a = pair.a;
    Traffic traffic;
    traffic.rate.fill(100);
    traffic.elephants(a.aggregate.buckets(), 0, 7);
    traffic.elephants(a.aggregate.buckets(), 1, 2);
    for (int period = 0; period < 10; ++period) {
        traffic.read_a_period(pair);
    }
    const uint64_t rounds = a.aggregate.rebalance_history().rounds;
    EXPECT_GE(rounds, 1U);
    EXPECT_LE(rounds, 3U);
    EXPECT_LE(a.aggregate.rebalance_history().imbalance, 1.05);

    const BucketTable rested = a.aggregate.buckets();
    for (int period = 0; period < 20; ++period) {
        traffic.read_a_period(pair);
        ASSERT_EQ(a.aggregate.buckets(), rested) << "the same load moves something again";
    }
    a.reconfigure([](config::Lagg &config) { config.description = "another"; });
    EXPECT_EQ(a.aggregate.buckets(), rested);
    a.set_link("p2", false);
    for (size_t b = 0; b < kBuckets; ++b)
        if (rested.member[b] != 2) {
            ASSERT_EQ(a.aggregate.buckets().member[b], rested.member[b]);
        }
}

TEST(Rebalanced, WithoutLacpBucketsAreHeldForAPause) {
    Driven driven(rebalanced(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.start();
    Traffic traffic;
    traffic.elephants(driven.aggregate.buckets(), 1, 2);
    traffic.read_a_period(driven);
    ASSERT_EQ(count(driven.aggregate.forwarding().spread.table, kHeldMember), 1U);
    driven.reconfigure([](config::Lagg &config) { config.description = "another"; });
    ASSERT_EQ(count(driven.aggregate.forwarding().spread.table, kHeldMember), 1U)
        << "an event lets them go before their time";
    EXPECT_FALSE(driven.aggregate.next_deadline()) << "workers have not obeyed yet";
    driven.hold_is_in_force();
    EXPECT_EQ(markers(driven.aggregate.take_frames()), 0U);
    ASSERT_EQ(driven.aggregate.next_deadline(), driven.now + kQuietTime);

    const lacp::Time held = driven.now;
    driven.aggregate.time_passed(held + (kQuietTime - 1ms));
    EXPECT_TRUE(driven.aggregate.flow_move().is_holding());
    (void)driven.aggregate.take_changed();
    driven.aggregate.time_passed(held + kQuietTime);
    EXPECT_FALSE(driven.aggregate.flow_move().is_holding());
    EXPECT_TRUE(driven.aggregate.take_changed()) << "nobody publishes the release";
    EXPECT_EQ(count(driven.aggregate.forwarding().spread.table, 0), kBuckets / 2 + 1);
    EXPECT_FALSE(driven.aggregate.next_deadline());
}

TEST(Rebalanced, APortThatDiesMeanwhileWaitsForNobody) {
    Driven driven(rebalanced(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.start();
    Traffic traffic;
    traffic.elephants(driven.aggregate.buckets(), 1, 2);
    traffic.read_a_period(driven);
    ASSERT_TRUE(driven.aggregate.flow_move().is_holding());
    driven.set_link("p1", false);
    EXPECT_FALSE(driven.aggregate.flow_move().is_holding());
    EXPECT_EQ(count(driven.aggregate.forwarding().spread.table, 0), kBuckets);
}

TEST(Rebalanced, OnlyWhereItIsAskedForAndAHashChooses) {
    for (const Protocol protocol : kProtocols) {
        Driven driven(rebalanced(protocol, {"p0", "p1"}));
        driven.start();
        const bool hashes = protocol == Protocol::LACP || protocol == Protocol::LOADBALANCE;
        EXPECT_EQ(driven.aggregate.forwarding().measure, hashes) << to_text(protocol);
        EXPECT_EQ(driven.aggregate.wants_loads(driven.now), hashes) << to_text(protocol);
    }
    Driven off(lagg(Protocol::LOADBALANCE, {"p0", "p1"}));
    off.start();
    Traffic traffic;
    traffic.elephants(off.aggregate.buckets(), 1, 2);
    traffic.read_a_period(off);
    EXPECT_FALSE(off.aggregate.forwarding().measure);
    EXPECT_FALSE(off.aggregate.wants_loads(off.now));
    EXPECT_FALSE(off.aggregate.flow_move().is_holding());
}

TEST(Rebalanced, SwitchedOffTheCountsAreEvenAgain) {
    Driven driven(rebalanced(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.start();
    Traffic traffic;
    traffic.elephants(driven.aggregate.buckets(), 1, 2);
    traffic.read_a_period(driven);
    driven.hold_is_in_force();
    driven.aggregate.time_passed(driven.now + kQuietTime);
    ASSERT_EQ(count(driven.aggregate.buckets(), 0), kBuckets / 2 + 1);
    driven.reconfigure([](config::Lagg &config) { config.hash.rebalance = false; });
    EXPECT_EQ(count(driven.aggregate.buckets(), 0), kBuckets / 2);
}

} // namespace
} // namespace lagg::aggregation
