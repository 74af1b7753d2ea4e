// A port that stops being used says so to its partner before it stops, and a lagg that is
// elsewhere, or somebody else, says so to everybody.
#include "tests/control/aggregation/pair.hh"

#include "lacp/lacpdu.hh"

#include <functional>

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;

config::Lagg slow(const Names &ports) {
    config::Lagg config = lagg(Protocol::LACP, ports);
    config.lacp.fast = false;
    return config;
}

/// LACPDUs of a port, in the order in which they leave.
std::vector<lacp::Lacpdu> lacpdus(const std::vector<OutgoingFrame> &frames,
                                  const std::string &port) {
    std::vector<lacp::Lacpdu> found;
    for (const OutgoingFrame &frame : frames)
        if (frame.device == device_of(port))
            if (const auto pdu = lacp::decode_lacpdu(frame.bytes)) found.push_back(*pdu);
    return found;
}

/// Names of ports that an announcement leaves on, in order.
Names announced(const std::vector<OutgoingFrame> &frames) {
    Names names;
    for (const OutgoingFrame &frame : frames)
        if (!is_slow(frame)) names.push_back("p" + std::to_string(frame.device - 10));
    return names;
}

using PortChange = std::function<void(config::PortLacp &)>;

/// The whole of a reload: the lagg and the parameters of its ports at once.
void reload(Driven &end, const std::function<void(config::Lagg &)> &of_lagg,
            const PortChange &of_ports = {}) {
    end.want([&](WantedLagg &wanted) {
        of_lagg(wanted.config);
        for (WantedPort &port : wanted.ports)
            if (of_ports) of_ports(port.attached->lacp);
    });
}

void change_port(Driven &end, const PortChange &change) {
    reload(
        end, [](config::Lagg &) {}, change);
}

/// One way in which a port stops being used.
struct Way {
    const char *name;
    std::function<void(Driven &)> act;
};

const Way kWays[] = {
    {"Leaves", [](Driven &end) { end.aggregate.leave("p0", end.now); }},
    {"AllLeave", [](Driven &end) { end.aggregate.leave_all(end.now); }},
    {"Protocol",
     [](Driven &end) {
         end.reconfigure([](config::Lagg &next) { next.protocol = Protocol::FAILOVER; });
     }},
    {"Disabled",
     [](Driven &end) { change_port(end, [](config::PortLacp &lacp) { lacp.enabled = false; }); }},
    {"Individual",
     [](Driven &end) { change_port(end, [](config::PortLacp &lacp) { lacp.individual = true; }); }},
    {"PortPriority",
     [](Driven &end) { change_port(end, [](config::PortLacp &lacp) { lacp.priority = 7; }); }},
    {"PortKey",
     [](Driven &end) { change_port(end, [](config::PortLacp &lacp) { lacp.key = 7; }); }},
    {"Key", [](Driven &end) { reload(end, [](config::Lagg &next) { next.lacp.key = 7; }); }},
    {"SystemPriority",
     [](Driven &end) { reload(end, [](config::Lagg &next) { next.lacp.system_priority = 7; }); }},
    {"Mac",
     [](Driven &end) {
         Identity next = end.aggregate.identity();
         next.mac[5] = 0x77;
         end.set_identity(next);
     }},
};

} // namespace

class Goodbye : public testing::TestWithParam<Way> {};

// What flush() publishes before it sends the frames closes the port that they tell of.
TEST_P(Goodbye, IsSaidInTheFirstLacpduAfterThePortWasClosed) {
    Pair pair(slow(kTwo));
    pair.run(5s);
    ASSERT_EQ(pair.b.distributing(), kTwo);
    (void)pair.a.aggregate.take_frames();
    GetParam().act(pair.a);
    const std::vector<OutgoingFrame> frames = pair.a.aggregate.take_frames();
    const std::vector<lacp::Lacpdu> told = lacpdus(frames, "p0");
    ASSERT_FALSE(told.empty());
    EXPECT_FALSE(told[0].actor.state.synchronization);
    EXPECT_FALSE(told[0].actor.state.collecting);
    EXPECT_FALSE(told[0].actor.state.distributing);
    const bool has_lacp = pair.a.aggregate.lacp() != nullptr;
    EXPECT_EQ(std::ranges::count(pair.a.collecting(), "p0"), has_lacp ? 0 : 1);
    for (const OutgoingFrame &frame : frames)
        pair.b.aggregate.slow_frame(frame.device, frame.bytes, pair.b.now);
    pair.exchange();
    EXPECT_EQ(std::ranges::count(pair.b.distributing(), "p0"), 0)
        << "it would send there for up to 90 s";
}

INSTANTIATE_TEST_SUITE_P(Ways, Goodbye, testing::ValuesIn(kWays),
                         [](const auto &tested) { return std::string(tested.param.name); });

// The flows of a drained port move first, and it takes what comes until the partner is told.
TEST(Farewell, IsSaidByADrainedPortWhenItsFlowsHaveMoved) {
    Pair pair(slow(kTwo));
    pair.run(5s);
    pair.a.aggregate.set_drain("p0", true, pair.a.now);
    EXPECT_EQ(pair.a.collecting(), kTwo);
    EXPECT_TRUE(lacpdus(pair.a.aggregate.take_frames(), "p0").empty());
    pair.run(100ms);
    EXPECT_EQ(pair.a.collecting(), Names{"p1"});
    EXPECT_EQ(pair.b.distributing(), Names{"p1"});
}

TEST(Farewell, AKeyThatMovesFromTheLaggToItsPortsCostsNothing) {
    Pair pair(slow(kTwo));
    pair.run(5s);
    (void)pair.a.aggregate.take_frames();
    const lacp::Time before = pair.a.aggregate.last_change();
    reload(
        pair.a, [](config::Lagg &next) { next.lacp.key = 7; },
        [](config::PortLacp &lacp) { lacp.key = 1; });
    EXPECT_EQ(pair.a.distributing(), kTwo);
    EXPECT_TRUE(pair.a.aggregate.take_frames().empty());
    EXPECT_EQ(pair.a.aggregate.last_change(), before);
}

TEST(Farewell, ASlowerRateChangesNoPort) {
    Pair pair(lagg(Protocol::LACP, kTwo), slow(kTwo));
    pair.run(5s);
    const lacp::Time before = pair.a.aggregate.last_change();
    reload(pair.a, [](config::Lagg &next) { next.lacp.fast = false; });
    pair.run(200s);
    EXPECT_EQ(pair.a.aggregate.last_change(), before);
    EXPECT_EQ(pair.b.distributing(), kTwo);
}

// ---- announcements

TEST(Announced, ADrainedPortOfAFailoverOnTheNextOne) {
    Driven driven(lagg(Protocol::FAILOVER, kTwo));
    driven.start();
    (void)driven.aggregate.take_frames();
    driven.aggregate.set_drain("p0", true, driven.now);
    EXPECT_EQ(announced(driven.aggregate.take_frames()), Names{"p1"});
    driven.aggregate.set_drain("p0", false, driven.now);
    EXPECT_EQ(announced(driven.aggregate.take_frames()), Names{"p0"});
}

TEST(Announced, APortThatLeavesAFailoverOnce) {
    Driven driven(lagg(Protocol::FAILOVER, kTwo));
    driven.start();
    (void)driven.aggregate.take_frames();
    driven.aggregate.leave("p0", driven.now);
    driven.detach("p0");
    EXPECT_EQ(announced(driven.aggregate.take_frames()), Names{"p1"});
}

TEST(Announced, AFailoverThatComesUpBecauseAReserveDid) {
    config::Lagg config = lagg(Protocol::FAILOVER, kTwo);
    config.min_links = 2;
    Driven driven(config);
    driven.attach("p0");
    driven.attach("p1");
    driven.set_link("p0", true);
    EXPECT_TRUE(driven.aggregate.take_frames().empty()) << "nothing passes yet";
    driven.set_link("p1", true);
    EXPECT_EQ(announced(driven.aggregate.take_frames()), Names{"p0"});
}

TEST(Announced, AnotherMacUnderEveryProtocol) {
    for (const Protocol protocol :
         {Protocol::FAILOVER, Protocol::LOADBALANCE, Protocol::ROUNDROBIN, Protocol::BROADCAST}) {
        Driven driven(lagg(protocol, kTwo));
        driven.start();
        (void)driven.aggregate.take_frames();
        Identity next = driven.aggregate.identity();
        next.mac[5] = 0x77;
        driven.set_identity(next);
        const std::vector<OutgoingFrame> frames = driven.aggregate.take_frames();
        EXPECT_EQ(announced(frames), protocol == Protocol::BROADCAST ? kTwo : Names{"p0"})
            << to_text(protocol);
        ASSERT_FALSE(frames.empty());
        EXPECT_EQ(frames[0].bytes[11], 0x77) << "the new address is the source";
        driven.set_identity(next);
        EXPECT_TRUE(driven.aggregate.take_frames().empty()) << "it is the same address";
    }
}

TEST(Announced, AnotherMacUnderLacpWhenThePartnerHasAgreed) {
    Pair pair(slow(kTwo));
    pair.run(5s);
    Identity next = pair.a.aggregate.identity();
    next.mac[5] = 0x77;
    pair.a.set_identity(next);
    pair.run(1s);
    EXPECT_TRUE(pair.a.announced.empty()) << "nothing passes yet";
    pair.run(4s);
    EXPECT_EQ(pair.a.announced, Names{"p0"});
}

TEST(Announced, AnotherProtocol) {
    for (const Protocol from : {Protocol::LACP, Protocol::BROADCAST}) {
        for (const Protocol to : {Protocol::FAILOVER, Protocol::LOADBALANCE}) {
            Pair pair(lagg(from, kTwo));
            pair.run(5s);
            (void)pair.a.aggregate.take_frames();
            pair.a.reconfigure([to](config::Lagg &next) { next.protocol = to; });
            EXPECT_EQ(announced(pair.a.aggregate.take_frames()), Names{"p0"})
                << to_text(from) << " to " << to_text(to);
        }
    }
}

TEST(Announced, NotAPortMoreOrLessOfAnAggregate) {
    Driven driven(lagg(Protocol::LOADBALANCE, kTwo));
    driven.start();
    driven.set_link("p0", false);
    driven.set_link("p0", true);
    EXPECT_TRUE(driven.aggregate.take_frames().empty());
}

TEST(Announced, AnAggregateOfWhichNoKnownPortIsLeft) {
    Driven driven(lagg(Protocol::LOADBALANCE, kTwo));
    driven.attach("p0");
    driven.set_link("p0", true);
    driven.detach("p0");
    driven.attach("p1");
    EXPECT_TRUE(driven.aggregate.take_frames().empty());
    driven.set_link("p1", true);
    EXPECT_EQ(announced(driven.aggregate.take_frames()), Names{"p1"});
}

} // namespace lagg::aggregation
