// The protocols that go by the links alone: who sends, who receives, and what a link's loss
// changes.
#include "tests/control/aggregation/driven.hh"

namespace lagg::aggregation {

namespace {

using Set = std::set<std::string>;

Driven started(Protocol protocol) {
    Driven driven(lagg(protocol, kThree));
    driven.start();
    return driven;
}

} // namespace

TEST(Failover, TheFirstPortCarriesEverything) {
    Driven driven = started(Protocol::FAILOVER);
    EXPECT_EQ(driven.distributing(), Names{"p0"});
    EXPECT_EQ(driven.receivers(), Set{"p0"});
}

TEST(Failover, ThePrimaryIsTheFirstConfiguredNotTheFirstAttached) {
    Driven driven(lagg(Protocol::FAILOVER, kThree));
    for (const char *name : {"p2", "p1", "p0"}) {
        driven.attach(name);
        driven.set_link(name, true);
        EXPECT_EQ(driven.receivers(), Set{name});
    }
}

TEST(Failover, MovesDownTheListAsLinksGoAndBackAsTheyReturn) {
    Driven driven = started(Protocol::FAILOVER);
    driven.set_link("p0", false);
    EXPECT_EQ(driven.receivers(), Set{"p1"});
    driven.set_link("p1", false);
    EXPECT_EQ(driven.receivers(), Set{"p2"});
    driven.set_link("p1", true);
    EXPECT_EQ(driven.receivers(), Set{"p1"});
    driven.set_link("p0", true);
    EXPECT_EQ(driven.receivers(), Set{"p0"});
    driven.check_promises();
}

TEST(Failover, ABackupsLinkChangesNothing) {
    Driven driven = started(Protocol::FAILOVER);
    (void)driven.aggregate.take_changed();
    driven.set_link("p1", false);
    driven.set_link("p1", true);
    EXPECT_EQ(driven.receivers(), Set{"p0"});
    EXPECT_FALSE(driven.aggregate.take_changed());
}

TEST(Failover, OnlyTheActivePortReceives) {
    Driven driven = started(Protocol::FAILOVER);
    EXPECT_EQ(driven.collecting(), Names{"p0"});
    driven.set_link("p0", false);
    EXPECT_EQ(driven.collecting(), Names{"p1"});
}

TEST(Failover, RxAllReceivesOnEveryPortAndSendsOnOne) {
    config::Lagg config = lagg(Protocol::FAILOVER, kThree);
    config.rx_all = true;
    Driven driven(config);
    driven.start();
    EXPECT_EQ(driven.collecting(), kThree);
    EXPECT_EQ(driven.receivers(), Set{"p0"});
}

TEST(Failover, WithoutALinkNothingIsSent) {
    Driven driven = started(Protocol::FAILOVER);
    for (const std::string &name : kThree)
        driven.set_link(name, false);
    EXPECT_EQ(driven.receivers(), Set{"nobody"});
    EXPECT_TRUE(driven.collecting().empty());
    EXPECT_FALSE(driven.aggregate.up());
}

class EveryLink : public testing::TestWithParam<Protocol> {};

TEST_P(EveryLink, ThatIsUpCarriesTraffic) {
    Driven driven = started(GetParam());
    EXPECT_EQ(driven.distributing(), kThree);
    EXPECT_EQ(driven.receivers(), Set(kThree.begin(), kThree.end()));
    EXPECT_TRUE(driven.aggregate.up());
}

TEST_P(EveryLink, ThatIsDownGetsNothingAndStillReceives) {
    Driven driven = started(GetParam());
    driven.set_link("p1", false);
    EXPECT_EQ(driven.receivers(), (Set{"p0", "p2"}));
    // What is still in the receive queue of a port whose link went was meant for us all the same.
    EXPECT_EQ(driven.collecting(), kThree);
    driven.check_promises();
    driven.set_link("p1", true);
    EXPECT_EQ(driven.receivers(), Set(kThree.begin(), kThree.end()));
}

TEST_P(EveryLink, GoneLeavesNobody) {
    Driven driven = started(GetParam());
    for (const std::string &name : kThree)
        driven.set_link(name, false);
    EXPECT_TRUE(driven.distributing().empty());
    EXPECT_FALSE(driven.aggregate.up());
    driven.check_promises();
}

INSTANTIATE_TEST_SUITE_P(Protocols, EveryLink,
                         testing::Values(Protocol::LOADBALANCE, Protocol::ROUNDROBIN,
                                         Protocol::BROADCAST),
                         [](const auto &tested) { return std::string(to_text(tested.param)); });

TEST(None, CarriesNothingEitherWay) {
    Driven driven = started(Protocol::NONE);
    EXPECT_TRUE(driven.distributing().empty());
    EXPECT_TRUE(driven.collecting().empty());
    EXPECT_EQ(driven.receivers(), Set{"nobody"});
    EXPECT_FALSE(driven.aggregate.up());
}

TEST(Protocols, OnlyBroadcastAsksForCopies) {
    for (const Protocol protocol : kProtocols)
        EXPECT_EQ(started(protocol).aggregate.forwarding().way == worker::Way::ALL_MEMBERS,
                  protocol == Protocol::BROADCAST)
            << to_text(protocol);
}

TEST(Protocols, OnlyLacpSpeaksASlowProtocolAndAsksForTime) {
    for (const Protocol protocol : kProtocols) {
        Driven driven = started(protocol);
        const bool speaks = std::ranges::any_of(driven.aggregate.take_frames(), is_slow);
        EXPECT_EQ(speaks, protocol == Protocol::LACP) << to_text(protocol);
        EXPECT_EQ(driven.aggregate.next_deadline().has_value(), protocol == Protocol::LACP)
            << to_text(protocol);
    }
}

TEST(Failover, AnnouncesWhereItIsNowOnTheNewPortAlone) {
    Driven driven = started(Protocol::FAILOVER);
    (void)driven.aggregate.take_frames();
    driven.set_link("p1", false);
    EXPECT_TRUE(driven.aggregate.take_frames().empty()) << "nothing has moved";
    driven.set_link("p0", false);
    const std::vector<OutgoingFrame> frames = driven.aggregate.take_frames();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].device, device_of("p2"));
    EXPECT_TRUE(std::equal(frames[0].bytes.begin() + 6, frames[0].bytes.begin() + 12,
                           identity(1).mac.begin()));
}

TEST(Failover, DetachingTheActivePortAnnouncesTheNext) {
    Driven driven = started(Protocol::FAILOVER);
    (void)driven.aggregate.take_frames();
    driven.detach("p0");
    const std::vector<OutgoingFrame> frames = driven.aggregate.take_frames();
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].device, device_of("p1"));
}

} // namespace lagg::aggregation
