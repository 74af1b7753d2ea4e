// Ports that come, go, say goodbye or fail to open, and what that costs the others: nothing.
#include "tests/control/aggregation/driven.hh"

namespace lagg::aggregation {

namespace {

const Names kFour{"p0", "p1", "p2", "p3"};
using Set = std::set<std::string>;

size_t buckets_of(const Driven &driven, uint8_t index) {
    return static_cast<size_t>(std::ranges::count(driven.aggregate.buckets().member, index));
}

/// Buckets that moved although the member they led to is not `lost`.
size_t moved_needlessly(const distribute::BucketTable &before, const distribute::BucketTable &after,
                        uint8_t lost) {
    size_t count = 0;
    for (size_t i = 0; i < distribute::kBuckets; ++i)
        count += before.member[i] != lost && before.member[i] != after.member[i];
    return count;
}

} // namespace

TEST(Membership, DetachingKeepsTheOthersPlacesAndBuckets) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    const distribute::BucketTable before = driven.aggregate.buckets();
    const uint8_t lost = driven.aggregate.member_named("p1")->index;
    std::vector<uint8_t> places;
    for (const char *name : {"p0", "p2", "p3"})
        places.push_back(driven.aggregate.member_named(name)->index);

    driven.detach("p1");
    EXPECT_EQ(buckets_of(driven, lost), 0u);
    EXPECT_EQ(moved_needlessly(before, driven.aggregate.buckets(), lost), 0u);
    std::vector<uint8_t> places_after;
    for (const char *name : {"p0", "p2", "p3"})
        places_after.push_back(driven.aggregate.member_named(name)->index);
    EXPECT_EQ(places_after, places);
    driven.check_promises();
}

TEST(Membership, ALostLinkMovesOnlyItsOwnBuckets) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    const distribute::BucketTable before = driven.aggregate.buckets();
    driven.set_link("p2", false);
    EXPECT_EQ(moved_needlessly(before, driven.aggregate.buckets(),
                               driven.aggregate.member_named("p2")->index),
              0u);
    EXPECT_EQ(distribute::moved(before, driven.aggregate.buckets()), distribute::kBuckets / 4);
}

TEST(Membership, APortThatComesTakesAFreePlaceAndItsShareOnly) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    const uint8_t place = driven.aggregate.member_named("p1")->index;
    driven.detach("p1");
    const distribute::BucketTable before = driven.aggregate.buckets();
    driven.attach("p1");
    EXPECT_EQ(driven.aggregate.member_named("p1")->index, place);
    EXPECT_EQ(driven.aggregate.buckets(), before) << "without a link it gets nothing";
    driven.set_link("p1", true);
    EXPECT_EQ(distribute::moved(before, driven.aggregate.buckets()), distribute::kBuckets / 4);
    EXPECT_EQ(buckets_of(driven, place), distribute::kBuckets / 4);
}

TEST(Membership, ADetachedPortHasNoPlaceInTheForwarding) {
    for (const Protocol protocol : kProtocols) {
        Driven driven(lagg(protocol, kFour));
        driven.start();
        (void)driven.aggregate.take_changed();
        driven.detach("p0");
        EXPECT_TRUE(driven.aggregate.take_changed()) << to_text(protocol);
        for (const worker::Member &member : driven.aggregate.forwarding().members)
            EXPECT_NE(member.device, device_of("p0")) << to_text(protocol);
        for (const OutgoingFrame &frame : driven.aggregate.take_frames())
            EXPECT_NE(frame.device, device_of("p0")) << "a frame for a device that is gone";
        driven.check_promises();
    }
}

TEST(Membership, DetachingThePrimaryFailsOver) {
    Driven driven(lagg(Protocol::FAILOVER, kFour));
    driven.start();
    driven.detach("p0");
    EXPECT_EQ(driven.receivers(), Set{"p1"});
    driven.attach("p0");
    driven.set_link("p0", true);
    EXPECT_EQ(driven.receivers(), Set{"p0"});
}

TEST(Membership, LosingACarryingPortIsAChangeWorthATime) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    driven.now = driven.now + std::chrono::seconds(5);
    driven.detach("p3");
    EXPECT_EQ(driven.aggregate.last_change(), driven.now);
    EXPECT_EQ(driven.aggregate.last_change_reason(), "port p3 detached");
}

TEST(Membership, APortThatLeavesGetsNothingMoreAndStaysAttached) {
    for (const Protocol protocol :
         {Protocol::FAILOVER, Protocol::LOADBALANCE, Protocol::ROUNDROBIN, Protocol::BROADCAST}) {
        Driven driven(lagg(protocol, kFour));
        driven.start();
        driven.aggregate.leave("p0", driven.now);
        EXPECT_FALSE(driven.receivers().contains("p0")) << to_text(protocol);
        EXPECT_NE(driven.aggregate.member_on(device_of("p0")), nullptr);
        driven.set_link("p0", false);
        driven.set_link("p0", true);
        EXPECT_FALSE(driven.receivers().contains("p0"))
            << to_text(protocol) << ": came back by its link";
        driven.check_promises();
        driven.aggregate.leave_all(driven.now);
        EXPECT_FALSE(driven.aggregate.up()) << to_text(protocol);
        EXPECT_TRUE(driven.distributing().empty()) << to_text(protocol);
    }
}

TEST(Membership, APortAttachedAgainHasForgottenThatItLeft) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    driven.aggregate.leave("p0", driven.now);
    driven.detach("p0");
    driven.attach("p0");
    driven.set_link("p0", true);
    EXPECT_EQ(driven.distributing(), kFour);
}

TEST(Membership, BelowMinLinksNothingIsSentAndWhatComesIsTaken) {
    config::Lagg config = lagg(Protocol::LOADBALANCE, kFour);
    config.min_links = 3;
    Driven driven(config);
    driven.start();
    driven.set_link("p0", false);
    EXPECT_TRUE(driven.aggregate.up());
    driven.set_link("p1", false);
    EXPECT_FALSE(driven.aggregate.up());
    EXPECT_TRUE(driven.distributing().empty());
    EXPECT_TRUE(driven.live().empty());
    EXPECT_EQ(driven.receivers(), Set{"nobody"});
    EXPECT_EQ(driven.aggregate.buckets(), distribute::BucketTable::empty());
    EXPECT_EQ(driven.collecting(), kFour);
    driven.set_link("p1", true);
    EXPECT_EQ(driven.receivers(), (Set{"p1", "p2", "p3"}));
}

TEST(Membership, MinLinksHoldsUnderEveryProtocol) {
    for (const Protocol protocol :
         {Protocol::LOADBALANCE, Protocol::ROUNDROBIN, Protocol::BROADCAST}) {
        config::Lagg config = lagg(protocol, kFour);
        config.min_links = 4;
        Driven driven(config);
        driven.start();
        EXPECT_EQ(driven.distributing(), kFour) << to_text(protocol);
        driven.set_link("p3", false);
        EXPECT_TRUE(driven.distributing().empty()) << to_text(protocol);
    }
}

TEST(Membership, APortThatCouldNotBeOpenedSaysWhyUntilItIs) {
    Driven driven(lagg(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.attach("p0");
    driven.set_link("p0", true);
    driven.fail("p1", "net_af_packet,iface=eth9", "there is no kernel interface 'eth9'");
    EXPECT_EQ(driven.aggregate.member_named("p1")->problem, "there is no kernel interface 'eth9'");
    EXPECT_EQ(driven.receivers(), Set{"p0"});
    driven.attach("p1");
    EXPECT_EQ(driven.aggregate.member_named("p1")->problem, "");
}

TEST(Membership, LinkFailuresAreCounted) {
    Driven driven(lagg(Protocol::FAILOVER, kFour));
    driven.start();
    EXPECT_EQ(driven.aggregate.member_named("p0")->link_failures, 0u);
    for (int i = 0; i < 3; ++i) {
        driven.set_link("p0", false);
        driven.set_link("p0", false);
        driven.set_link("p0", true);
    }
    EXPECT_EQ(driven.aggregate.member_named("p0")->link_failures, 3u);
}

TEST(Membership, ASpeedAloneChangesNoForwarding) {
    Driven driven(lagg(Protocol::LOADBALANCE, kFour));
    driven.start();
    (void)driven.aggregate.take_changed();
    driven.aggregate.link_changed(
        device_of("p0"), {.up = true, .full_duplex = true, .speed_mbps = 1000}, "test", driven.now);
    EXPECT_EQ(driven.aggregate.member_named("p0")->link.speed_mbps, 1000u);
    EXPECT_FALSE(driven.aggregate.take_changed());
}

TEST(Membership, TheFewestQueuesOfAnyDeviceCount) {
    Driven driven(lagg(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.want([](WantedLagg &wanted) {
        wanted.upper = {.endpoint = {.id = 30}, .queues = 4, .text = "port:up"};
    });
    AttachedPort two = attached("p0");
    two.queues = 2;
    AttachedPort eight = attached("p1");
    eight.queues = 8;
    driven.attach(eight);
    EXPECT_EQ(driven.aggregate.queues(), 4);
    driven.attach(two);
    EXPECT_EQ(driven.aggregate.queues(), 2);
    EXPECT_EQ(driven.aggregate.forwarding().upper.id, 30);
}

TEST(Membership, AQueueForSlowProtocolsIsReceivedFromAndGetsNoWorkerOfItsOwn) {
    Driven driven(lagg(Protocol::LOADBALANCE, {"p0"}));
    driven.want([](WantedLagg &wanted) {
        wanted.upper = {
            .endpoint = {.id = 30, .receive_queues = 3}, .queues = 2, .text = "port:up"};
    });
    AttachedPort port = attached("p0");
    port.queues = 2;
    port.slow_queue = true;
    driven.attach(port);
    EXPECT_EQ(driven.aggregate.queues(), 2);
    const worker::LaggForwarding forwarding = driven.aggregate.forwarding();
    EXPECT_EQ(forwarding.share, 2);
    EXPECT_EQ(forwarding.members[0].queues, 3);
    EXPECT_EQ(forwarding.upper.receive_queues, 3);
}

} // namespace lagg::aggregation
