// A lagg is told what is wanted of it as a whole: what differs takes effect once, and what does
// not, costs nothing.
#include "tests/control/aggregation/pair.hh"

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;

Pair settled_pair() {
    Pair pair(lagg(Protocol::LACP, kTwo));
    pair.run(5s);
    (void)pair.a.aggregate.take_changed();
    (void)pair.a.aggregate.take_frames();
    return pair;
}

std::vector<lacp::Lacpdu> lacpdus(Driven &end) {
    std::vector<lacp::Lacpdu> found;
    for (const OutgoingFrame &frame : end.aggregate.take_frames())
        if (const auto pdu = lacp::decode_lacpdu(frame.bytes)) found.push_back(*pdu);
    return found;
}

} // namespace

TEST(Become, TheSameInOtherWordsIsNoChange) {
    Pair pair(settled_pair());
    ASSERT_EQ(pair.a.distributing(), kTwo);
    // The key in force is 1 before and after.
    pair.a.want([](WantedLagg &wanted) {
        wanted.config.lacp.key = 7;
        wanted.config.description = "another";
        for (WantedPort &port : wanted.ports)
            port.attached->lacp.key = 1;
    });
    EXPECT_FALSE(pair.a.aggregate.take_changed()) << "workers would get the state they have";
    EXPECT_TRUE(lacpdus(pair.a).empty());
    EXPECT_EQ(pair.a.distributing(), kTwo);
    EXPECT_EQ(pair.a.aggregate.config().description, "another");
}

TEST(Become, ManyChangesAreOneLacpduForEachPort) {
    Pair pair(settled_pair());
    pair.a.want([](WantedLagg &wanted) {
        wanted.config.lacp.key = 7;
        wanted.config.lacp.system_priority = 5;
        wanted.config.lacp.port_priority = 99;
        wanted.config.hash.seed = 3;
        wanted.ports[0].attached->lacp.priority = 3;
        wanted.ports[0].attached->weight = 2;
    });
    const std::vector<lacp::Lacpdu> told = lacpdus(pair.a);
    ASSERT_EQ(told.size(), 2U);
    for (const lacp::Lacpdu &pdu : told) {
        EXPECT_EQ(pdu.actor.key, 7);
        EXPECT_EQ(pdu.actor.system.priority, 5);
    }
    EXPECT_EQ(told[0].actor.port.priority, 3);
    EXPECT_EQ(told[1].actor.port.priority, 99);
    EXPECT_TRUE(pair.a.aggregate.take_changed());
    EXPECT_FALSE(pair.a.aggregate.take_changed());
}

TEST(Become, ANewPortAndNewParametersComeTogether) {
    Driven driven(lagg(Protocol::LACP, kTwo));
    driven.attach("p0");
    driven.set_link("p0", true);
    (void)driven.aggregate.take_frames();
    driven.want([](WantedLagg &wanted) {
        wanted.config.lacp.system_priority = 5;
        wanted.ports[1].attached = attached("p1");
    });
    driven.set_link("p1", true);
    const std::vector<lacp::Lacpdu> told = lacpdus(driven);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].actor.system.priority, 5);
    EXPECT_EQ(told[1].actor.system.priority, 5);
    EXPECT_EQ(driven.aggregate.lacp()->snapshot().ports.size(), 2U);
}

TEST(Become, APortThatLostItsDeviceLeavesAtOnce) {
    Pair pair(settled_pair());
    pair.a.fail("p0", "net_ring0", "its device is gone");
    EXPECT_EQ(pair.a.distributing(), Names{"p1"});
    EXPECT_EQ(pair.a.aggregate.member_named("p0")->problem, "its device is gone");
    EXPECT_TRUE(pair.a.aggregate.take_changed());
    EXPECT_EQ(pair.a.aggregate.lacp()->snapshot().ports.size(), 1U);
}

TEST(Become, AnotherUpperSideIsTold) {
    Driven driven(lagg(Protocol::LOADBALANCE, kTwo));
    driven.start();
    (void)driven.aggregate.take_changed();
    const auto become = [&] {
        WantedLagg wanted = driven.aggregate.in_force();
        wanted.upper = {.endpoint = {.id = 30}, .queues = 1, .text = "port:up"};
        return driven.aggregate.become(
            wanted, [](worker::EndpointId) { return worker::DeviceTotals{}; }, driven.now);
    };
    EXPECT_TRUE(become().has_other_upper);
    EXPECT_TRUE(driven.aggregate.take_changed());
    EXPECT_FALSE(become().has_other_upper);
    EXPECT_FALSE(driven.aggregate.take_changed());
}

// An interface that is made again has the place of the one before.
TEST(Become, AnotherSideOfTheSameEndpointIsCountedFromItsStart) {
    Driven driven(lagg(Protocol::LOADBALANCE, kTwo));
    driven.start();
    uint64_t counted = 0;
    const auto become = [&](void *side) {
        WantedLagg wanted = driven.aggregate.in_force();
        wanted.upper = {.endpoint = {.id = 40, .side = side}, .queues = 1, .text = "other"};
        driven.aggregate.become(
            wanted,
            [&](worker::EndpointId) {
                worker::DeviceTotals totals{};
                totals.rx_packets = ++counted;
                return totals;
            },
            driven.now);
        EXPECT_EQ(driven.aggregate.forwarding().upper, wanted.upper.endpoint);
        return driven.aggregate.upper_base().rx_packets;
    };
    int one = 0;
    int two = 0;
    EXPECT_EQ(become(&one), 1u);
    EXPECT_EQ(become(&one), 1u);
    EXPECT_EQ(become(&two), 2u);
}

} // namespace lagg::aggregation
