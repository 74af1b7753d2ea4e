// Which links of a lagg are used and when: hot standby, reverting, restoring, draining, and what is
// done when nobody speaks.
#include "tests/lacp/lone_system.hh"
#include "tests/lacp/pair_harness.hh"

namespace lagg::lacp {
namespace {

using Ports = std::vector<PortNumber>;

/// Two Systems with four links, port n to port n; A has the lower identifier and decides.
struct FourLinks {
    explicit FourLinks(SystemParameters a = {}, SystemParameters b = {}) {
        a.system = system_parameters(1).system;
        b.system = system_parameters(2).system;
        network.add_system(a);
        network.add_system(b);
        PortParameters fast;
        fast.short_timeout = true;
        for (PortNumber i = 1; i <= 4; ++i)
            network.connect({0, i}, {1, i}, fast, fast);
        network.run(6000ms);
    }
    /// Ports over which both ends distribute.
    Ports carrying() const {
        Ports ports;
        for (PortNumber i = 1; i <= 4; ++i)
            if (network.both_distributing({0, i})) ports.push_back(i);
        return ports;
    }
    Ports selected(size_t system, Selected value) const {
        Ports ports;
        for (const PortSnapshot &p : network.snapshot(system).ports)
            if (p.selected == value) ports.push_back(p.number);
        return ports;
    }
    void set(PortNumber port, bool drained) {
        PortParameters parameters;
        parameters.short_timeout = true;
        parameters.drained = drained;
        network.step(0, PortParametersChanged{port, parameters});
    }
    Network network;
};

SystemParameters limited(uint16_t max_links, bool revertive = true) {
    SystemParameters parameters;
    parameters.max_links = max_links;
    parameters.revertive = revertive;
    return parameters;
}

SystemParameters restoring(Duration time) {
    SystemParameters parameters;
    parameters.wait_to_restore = time;
    return parameters;
}

TEST(Standby, BothEndsChooseTheSameLinks) {
    const FourLinks links(limited(2), limited(2));
    EXPECT_EQ(links.carrying(), Ports({1, 2}));
    for (const size_t end : {0, 1}) {
        EXPECT_EQ(links.selected(end, Selected::STANDBY), Ports({3, 4}));
    }
}

TEST(Standby, TakesOverAndGivesBack) {
    FourLinks links(limited(2), limited(2));
    links.network.set_link({0, 1}, false);
    const milliseconds taken = links.network.run_until(
        [&] {
            return links.carrying() == Ports({2, 3});
        },
        2500ms);
    EXPECT_LE(taken, 1100ms)
        << "it has waited already; three LACPDUs a second is all that holds it";
    links.network.set_link({0, 1}, true);
    links.network.run_until([&] { return links.carrying() == Ports({1, 2}); }, 5000ms);
}

TEST(Standby, KeepsThePlaceWhereTheLaggIsNotRevertive) {
    FourLinks links(limited(2, false), limited(2, false));
    links.network.set_link({0, 1}, false);
    links.network.run(1500ms);
    ASSERT_EQ(links.carrying(), Ports({2, 3}));
    links.network.set_link({0, 1}, true);
    links.network.run(10000ms);
    EXPECT_EQ(links.carrying(), Ports({2, 3}));
}

// The follower reverts by itself, but has to go along with what the other end has in sync.
TEST(Standby, TheFollowerGoesAlong) {
    FourLinks links(limited(2, false), limited(2, true));
    links.network.set_link({0, 1}, false);
    links.network.run(1500ms);
    links.network.set_link({0, 1}, true);
    links.network.run(10000ms);
    EXPECT_EQ(links.carrying(), Ports({2, 3}));
}

TEST(Restoring, APortThatFailedIsNotUsedBeforeItsTime) {
    FourLinks links(restoring(10s));
    links.network.set_link({0, 2}, false);
    links.network.run(1000ms);
    links.network.set_link({0, 2}, true);
    links.network.run(9900ms);
    EXPECT_EQ(links.carrying(), Ports({1, 3, 4}));
    EXPECT_TRUE(links.network.port({0, 2}).waiting_to_restore);
    EXPECT_FALSE(links.network.port({0, 2}).actor.state.synchronization);
    links.network.run(1000ms);
    EXPECT_EQ(links.carrying(), Ports({1, 2, 3, 4}));
    EXPECT_FALSE(links.network.port({0, 2}).waiting_to_restore);
}

TEST(Restoring, BeginsAnewWhenThePortFailsAgain) {
    FourLinks links(restoring(10s));
    for (int i = 0; i < 5; ++i) {
        links.network.set_link({0, 2}, false);
        links.network.run(500ms);
        links.network.set_link({0, 2}, true);
        links.network.run(8000ms);
        EXPECT_FALSE(links.network.distributing({0, 2})) << "round " << i;
    }
    links.network.run(3500ms);
    EXPECT_TRUE(links.network.distributing({0, 2}));
}

TEST(Restoring, DoesNotWaitWhereNothingElseWorks) {
    FourLinks links(restoring(60s));
    for (PortNumber i = 1; i <= 4; ++i)
        links.network.set_link({0, i}, false);
    links.network.run(1000ms);
    links.network.set_link({0, 3}, true);
    links.network.run(4000ms);
    EXPECT_EQ(links.carrying(), Ports({3}));
    links.network.set_link({0, 1}, true);
    links.network.run(30000ms);
    EXPECT_EQ(links.carrying(), Ports({3})) << "port 1 can wait, port 3 does the work";
}

TEST(Restoring, SilenceIsAFailureToo) {
    FourLinks links(restoring(10s));
    links.network.set_loss({1, 2}, true);
    links.network.run(4000ms);
    links.network.set_loss({1, 2}, false);
    links.network.run(8000ms);
    EXPECT_EQ(links.carrying(), Ports({1, 3, 4}));
}

TEST(Drain, PutsThePortOutOfSyncAndKeepsItSpeaking) {
    FourLinks links;
    links.set(2, true);
    links.network.run(100ms);
    EXPECT_EQ(links.carrying(), Ports({1, 3, 4}));
    EXPECT_EQ(links.network.port({0, 2}).selected, Selected::STANDBY);
    EXPECT_FALSE(links.network.port({1, 2}).partner.state.synchronization);
    const size_t said = links.network.sent({0, 2}).size();
    links.network.run(5000ms);
    EXPECT_GE(links.network.sent({0, 2}).size(), said + 4) << "a drained port is not a dead one";
    links.set(2, false);
    links.network.run(3000ms);
    EXPECT_EQ(links.carrying(), Ports({1, 2, 3, 4}));
}

TEST(Drain, AStandbyPortTakesThePlace) {
    FourLinks links(limited(2), limited(2));
    links.set(1, true);
    links.network.run_until([&] { return links.carrying() == Ports({2, 3}); }, 2500ms);
}

TEST(Drain, ADrainedPortIsNotChosenForWantOfOthers) {
    FourLinks links;
    for (PortNumber i = 1; i <= 4; ++i)
        links.set(i, true);
    links.network.run(10000ms);
    EXPECT_EQ(links.carrying(), Ports({}));
}

SystemParameters falling_back(Fallback fallback) {
    SystemParameters parameters;
    parameters.fallback = fallback;
    parameters.fallback_time = 10s;
    return parameters;
}

int distributing(const LoneSystem &us) {
    return static_cast<int>(std::ranges::count_if(
        us.system.snapshot().ports, [](const PortSnapshot &p) { return p.distributing; }));
}

// 3 s in EXPIRED, 10 s of silence, 2 s of wait_while.
TEST(Fallback, StaticUsesEveryPortAfterTheSilence) {
    LoneSystem us(falling_back(Fallback::STATIC));
    us.add(1);
    us.add(2);
    us.run(9900ms);
    EXPECT_FALSE(us.system.snapshot().fallback_active);
    us.run(200ms);
    EXPECT_TRUE(us.system.snapshot().fallback_active);
    us.run(2000ms);
    EXPECT_EQ(distributing(us), 2);
}

TEST(Fallback, IndividualUsesOnePort) {
    LoneSystem us(falling_back(Fallback::INDIVIDUAL));
    us.add(1);
    us.add(2);
    us.run(20000ms);
    EXPECT_EQ(distributing(us), 1);
    EXPECT_TRUE(us.port(1).distributing);
    us.link(1, false);
    us.run(5000ms);
    EXPECT_TRUE(us.port(2).distributing) << "the other one steps in";
    EXPECT_EQ(distributing(us), 1);
}

TEST(Fallback, NoneKeepsWaiting) {
    LoneSystem us;
    us.add(1);
    us.run(600s);
    EXPECT_EQ(distributing(us), 0);
}

TEST(Fallback, EndsWhenAPartnerSpeaksOnAnyPort) {
    LoneSystem us(falling_back(Fallback::STATIC));
    us.add(1);
    us.add(2);
    us.run(20000ms);
    ASSERT_EQ(distributing(us), 2);
    us.receive_reply(1);
    EXPECT_FALSE(us.system.snapshot().fallback_active);
    EXPECT_FALSE(us.port(2).distributing) << "its partner has not spoken";
    us.run(2000ms);
    us.receive_reply(1);
    EXPECT_TRUE(us.port(1).distributing);
    EXPECT_EQ(distributing(us), 1);
}

TEST(Fallback, BeginsAgainWhenThePartnerFallsSilent) {
    LoneSystem us(falling_back(Fallback::STATIC));
    us.add(1);
    us.bring_up(1);
    ASSERT_EQ(distributing(us), 1);
    us.run(90s + 3s + 9900ms);
    EXPECT_EQ(distributing(us), 0) << "expired, defaulted, not yet given up";
    us.run(2200ms);
    EXPECT_EQ(distributing(us), 1);
}

TEST(Fallback, TakenOutOfTheParametersItEnds) {
    LoneSystem us(falling_back(Fallback::STATIC));
    us.add(1);
    us.run(20000ms);
    SystemParameters parameters;
    parameters.system = kOurs;
    us.step(SystemParametersChanged{parameters});
    EXPECT_FALSE(us.system.snapshot().fallback_active);
    EXPECT_EQ(distributing(us), 0);
}

TEST(PartnerPriority, TheLowerSystemIdentifierGetsTheTraffic) {
    SystemParameters parameters;
    parameters.aggregator_choice = AggregatorChoice::PARTNER_PRIORITY;
    LoneSystem us(parameters);
    us.add(1);
    us.add(2);
    us.bring_up(1);
    ASSERT_TRUE(us.port(1).distributing);
    constexpr SystemId kBetter{0x7000, {0x02, 0, 0, 0, 0, 0xfe}};
    us.receive(2, us.reply(2, kBetter));
    us.run(2000ms);
    us.receive(2, us.reply(2, kBetter));
    EXPECT_TRUE(us.port(2).distributing);
    EXPECT_FALSE(us.port(1).distributing);
}

TEST(ChurnTime, IsAParameter) {
    SystemParameters parameters;
    parameters.churn_detection_time = 5s;
    LoneSystem us(parameters);
    us.add(1);
    Lacpdu pdu = us.reply(1);
    pdu.actor.state.synchronization = false;
    us.receive(1, pdu);
    us.run(4900ms);
    EXPECT_EQ(us.port(1).partner_churn, ChurnState::MONITOR);
    us.run(200ms);
    EXPECT_EQ(us.port(1).partner_churn, ChurnState::CHURN);
}

TEST(MarkerGenerator, AsksAndHearsTheAnswer) {
    LoneSystem us;
    us.add(7);
    us.step(MarkerRequested{7, 42});
    const std::vector<MarkerPdu> sent = us.recorder.markers();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0], (MarkerPdu{false, 7, kOurs.address, 42}));
    EXPECT_EQ(us.port(7).counters.marker_pdus_tx, 1U);

    const auto answer = [&](MarkerPdu pdu) {
        pdu.response = true;
        us.step(SlowFrameReceived{7, encode(pdu, kTheirPort)});
        return us.recorder.all<MarkerAnswered>().size();
    };
    MarkerPdu other = sent[0];
    other.requester_system[5] ^= 1;
    EXPECT_EQ(answer(other), 0U) << "another System asked";
    other = sent[0];
    other.requester_port = 8;
    EXPECT_EQ(answer(other), 0U) << "another port asked";
    ASSERT_EQ(answer(sent[0]), 1U);
    EXPECT_EQ(us.recorder.all<MarkerAnswered>()[0].transaction_id, 42U);
}

TEST(MarkerGenerator, IsSilentWithoutALink) {
    LoneSystem us;
    us.add(7);
    us.link(7, false);
    us.step(MarkerRequested{7, 42});
    EXPECT_TRUE(us.recorder.markers().empty());
}

} // namespace
} // namespace lagg::lacp
