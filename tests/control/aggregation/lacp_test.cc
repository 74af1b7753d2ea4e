// LACP between two Aggregates, in virtual time: the promises of the core become members and tables.
#include "control/api/states.hh"
#include "lacp/text.hh"
#include "tests/control/aggregation/pair.hh"

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;
using Set = std::set<std::string>;

config::Lagg three() {
    return lagg(Protocol::LACP, kThree);
}

} // namespace

TEST(LacpAggregate, BothEndsDistributeOnEveryPort) {
    Pair pair(three());
    EXPECT_FALSE(pair.a.aggregate.up());
    EXPECT_EQ(pair.a.receivers(), Set{"nobody"});
    pair.run(5s);
    for (const Driven *end : {&pair.a, &pair.b}) {
        EXPECT_EQ(end->distributing(), kThree);
        EXPECT_EQ(end->collecting(), kThree);
        EXPECT_EQ(end->receivers(), Set(kThree.begin(), kThree.end()));
        EXPECT_TRUE(end->aggregate.up());
    }
}

TEST(LacpAggregate, WithoutAPartnerNothingDistributes) {
    Driven alone(three());
    alone.start();
    for (int second = 0; second < 10; ++second) {
        alone.now = alone.now + 1s;
        alone.aggregate.time_passed(alone.now);
        EXPECT_TRUE(alone.distributing().empty());
    }
}

TEST(LacpAggregate, NotStrictASilentPartnerIsEnough) {
    config::Lagg config = three();
    config.lacp.strict = false;
    Driven alone(config);
    alone.start();
    for (int second = 0; second < 10; ++second) {
        alone.now = alone.now + 1s;
        alone.aggregate.time_passed(alone.now);
    }
    EXPECT_FALSE(alone.distributing().empty());
    alone.check_promises();
}

TEST(LacpAggregate, APortWithoutLacpCarriesNothingHoweverSilentAPartnerMayBe) {
    for (const bool strict : {false, true}) {
        config::Lagg config = three();
        config.lacp.strict = strict;
        if (strict) config.lacp.fallback = config::Fallback::STATIC;
        config.lacp.fallback_timeout_seconds = 2;
        Driven alone(config);
        alone.start();
        for (const std::string &name : kThree) {
            AttachedPort port = attached(name);
            port.lacp.enabled = false;
            alone.update(port);
        }
        for (int second = 0; second < 10; ++second) {
            alone.now = alone.now + 1s;
            alone.aggregate.time_passed(alone.now);
        }
        EXPECT_TRUE(alone.distributing().empty()) << (strict ? "fallback" : "not strict");
    }
}

TEST(LacpAggregate, ALostLinkMovesItsBucketsAtOnceAndComesBack) {
    Pair pair(three());
    pair.run(5s);
    const distribute::BucketTable before = pair.a.aggregate.buckets();
    const uint8_t lost = pair.a.aggregate.member_named("p1")->index;
    pair.set_link("p1", false);
    EXPECT_EQ(pair.a.receivers(), (Set{"p0", "p2"}));
    EXPECT_EQ(pair.b.receivers(), (Set{"p0", "p2"}));
    for (size_t i = 0; i < distribute::kBuckets; ++i) {
        if (before.member[i] == lost) continue;
        ASSERT_EQ(pair.a.aggregate.buckets().member[i], before.member[i]);
    }
    pair.set_link("p1", true);
    pair.run(5s);
    EXPECT_EQ(pair.a.distributing(), kThree);
}

TEST(LacpAggregate, ThePartnerStopsWhenAPortSaysGoodbye) {
    Pair pair(three());
    pair.run(5s);
    pair.a.aggregate.leave("p0", pair.a.now);
    EXPECT_EQ(pair.a.receivers(), (Set{"p1", "p2"}));
    pair.exchange();
    EXPECT_EQ(pair.b.receivers(), (Set{"p1", "p2"})) << "the partner heard, and waits for no timer";
    pair.run(10s);
    EXPECT_EQ(pair.a.receivers(), (Set{"p1", "p2"})) << "it does not come back by itself";
}

TEST(LacpAggregate, LeavingWithAllPortsStopsThePartnerAtOnce) {
    Pair pair(three());
    pair.run(5s);
    pair.a.aggregate.leave_all(pair.a.now);
    EXPECT_FALSE(pair.a.aggregate.up());
    pair.exchange();
    EXPECT_FALSE(pair.b.aggregate.up());
}

TEST(LacpAggregate, DetachingWithoutAWordEndsByTimeout) {
    Pair pair(three());
    pair.run(5s);
    pair.a.detach("p2");
    pair.run(1500ms);
    EXPECT_TRUE(pair.b.receivers().contains("p2"));
    pair.run(4s);
    EXPECT_EQ(pair.b.receivers(), (Set{"p0", "p1"}));
    pair.a.attach("p2");
    pair.a.set_link("p2", true);
    pair.run(6s);
    EXPECT_EQ(pair.b.distributing(), kThree);
}

TEST(LacpAggregate, BelowMinLinksNothingIsSent) {
    config::Lagg config = three();
    config.min_links = 3;
    Pair pair(config, three());
    pair.run(5s);
    EXPECT_EQ(pair.a.distributing(), kThree);
    pair.set_link("p0", false);
    EXPECT_FALSE(pair.a.aggregate.up());
    EXPECT_EQ(pair.a.receivers(), Set{"nobody"});
    EXPECT_TRUE(pair.a.live().empty());
    EXPECT_EQ(pair.b.receivers(), (Set{"p1", "p2"}));
}

TEST(LacpAggregate, GarbageAndStrangersFramesChangeNothing) {
    Pair pair(three());
    pair.run(5s);
    (void)pair.a.aggregate.take_changed();
    const std::vector<uint8_t> garbage(60, 0xff);
    pair.a.aggregate.slow_frame(device_of("p0"), garbage, pair.a.now);
    pair.a.aggregate.slow_frame(device_of("p0"), {}, pair.a.now);
    pair.a.aggregate.slow_frame(device_of("p9"), garbage, pair.a.now);
    EXPECT_FALSE(pair.a.aggregate.take_changed());
    EXPECT_EQ(pair.a.distributing(), kThree);
}

TEST(LacpAggregate, AQuietSecondPublishesNothing) {
    Pair pair(three());
    pair.run(10s);
    (void)pair.a.aggregate.take_changed();
    pair.run(10s);
    EXPECT_FALSE(pair.a.aggregate.take_changed());
}

TEST(LacpAggregate, KeyAndSystemComeFromNameAddressAndConfiguration) {
    config::Lagg other = three();
    other.name = "lagg7";
    Pair pair(three(), other);
    const auto actor = [](const Driven &end) {
        return end.aggregate.lacp()->snapshot().ports.front().actor;
    };
    EXPECT_EQ(actor(pair.a).key, 1);
    EXPECT_EQ(actor(pair.b).key, 8);
    EXPECT_EQ(actor(pair.b).system.address, identity(2).mac);
    pair.b.reconfigure([](config::Lagg &config) {
        config.lacp.key = 99;
        config.lacp.system_mac = MacAddress{2, 1, 1, 1, 1, 1};
        config.lacp.system_priority = 5;
        config.lacp.port_priority = 77;
    });
    EXPECT_EQ(actor(pair.b).key, 99);
    EXPECT_EQ(actor(pair.b).system, (lacp::SystemId{5, {2, 1, 1, 1, 1, 1}}));
    EXPECT_EQ(actor(pair.b).port.priority, 77);
    AttachedPort p0 = attached("p0");
    p0.lacp.priority = 3;
    pair.b.update(p0);
    EXPECT_EQ(actor(pair.b).port.priority, 3);
    pair.run(6s);
    EXPECT_EQ(pair.b.distributing(), kThree);
}

/// Whether every state up to `last` has its word in the API.
template <typename Shown, typename Own> void expect_shown(Own last) {
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        const char *word = to_text(static_cast<Own>(i));
        EXPECT_TRUE(api::Worded<Shown>::of(word)) << word;
    }
    EXPECT_EQ(api::kWords<Shown>.size(), static_cast<size_t>(last) + 2) << "and none more";
}

TEST(States, HaveTheirWordsInTheApi) {
    expect_shown<api::RxState>(lacp::RxState::CURRENT);
    expect_shown<api::PeriodicState>(lacp::PeriodicState::PERIODIC_TX);
    expect_shown<api::MuxState>(lacp::MuxState::COLLECTING_DISTRIBUTING);
    expect_shown<api::Selected>(lacp::Selected::STANDBY);
    expect_shown<api::ChurnState>(lacp::ChurnState::CHURN);
    lacp::State state;
    state.activity = state.collecting = state.expired = true;
    EXPECT_EQ(api::LacpFlags(lacp::to_octet(state)).text(), lacp::flags_text(state));
}

} // namespace lagg::aggregation
