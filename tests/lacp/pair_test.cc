// Two and more whole Systems on simulated links: what a user of a lagg would notice.
#include "tests/lacp/pair_harness.hh"

namespace lagg::lacp {
namespace {

using End = Network::End;

PortParameters fast() {
    PortParameters parameters;
    parameters.short_timeout = true;
    return parameters;
}
PortParameters passive() {
    PortParameters parameters;
    parameters.active = false;
    return parameters;
}

/// Systems 0 and 1 with `links` links between equal port numbers.
struct Pair : Network {
    explicit Pair(PortNumber links = 1, PortParameters a = {}, PortParameters b = {},
                  SystemParameters system_a = system_parameters(1),
                  SystemParameters system_b = system_parameters(2)) {
        add_system(system_a);
        add_system(system_b);
        for (PortNumber i = 1; i <= links; ++i)
            connect({0, i}, {1, i}, a, b);
    }
    size_t carrying() const {
        size_t count = 0;
        for (const PortSnapshot &p : snapshot(0).ports) {
            if (both_distributing({0, p.number})) ++count;
        }
        return count;
    }
};

TEST(Pair, NegotiatesInTwoToFourSecondsAndStaysQuiet) {
    for (const bool coupled_a : {false, true}) {
        for (const bool coupled_b : {false, true}) {
            SystemParameters a = system_parameters(1), b = system_parameters(2);
            a.coupled_control = coupled_a;
            b.coupled_control = coupled_b;
            Pair pair(2, {}, {}, a, b);
            const auto took = pair.run_until([&] { return pair.carrying() == 2; }, 4000ms);
            EXPECT_GE(took, 2000ms);
            pair.run(60000ms);
            const size_t before = pair.sent({0, 1}).size();
            pair.run(600000ms);
            EXPECT_LE(pair.sent({0, 1}).size() - before, 21U);
            EXPECT_EQ(pair.carrying(), 2U);
            EXPECT_EQ(pair.snapshot(0).ports[0].aggregator, pair.snapshot(0).ports[1].aggregator);
        }
    }
}

TEST(Pair, OneActiveEndIsEnoughTwoPassiveEndsAreSilent) {
    Pair one(1, passive(), {});
    one.run(5000ms);
    EXPECT_EQ(one.carrying(), 1U);
    Pair other(1, {}, passive());
    other.run(5000ms);
    EXPECT_EQ(other.carrying(), 1U);

    Pair none(1, passive(), passive());
    none.run(200000ms);
    EXPECT_EQ(none.carrying(), 0U);
    EXPECT_TRUE(none.sent({0, 1}).empty());
    EXPECT_TRUE(none.sent({1, 1}).empty());
}

TEST(Pair, ASilentBreakStopsDistributingWithinThreeSeconds) {
    Pair pair(2, fast(), fast());
    pair.run(10500ms);
    ASSERT_EQ(pair.carrying(), 2U);
    pair.set_loss({0, 1}, true);
    pair.set_loss({1, 1}, true);
    const auto took = pair.run_until(
        [&] {
            return !pair.distributing({0, 1}) && !pair.distributing({1, 1});
        },
        5000ms);
    EXPECT_LE(took, 3100ms);
    EXPECT_TRUE(pair.both_distributing({0, 2})) << "the other link goes on";
    pair.set_loss({0, 1}, false);
    pair.set_loss({1, 1}, false);
    pair.run_until([&] { return pair.carrying() == 2; }, 6000ms);
}

// The end that still hears learns from the Expired partner's lost Sync that nobody hears it.
TEST(Pair, AOneWayBreakStopsBothEnds) {
    Pair pair(1, fast(), fast());
    pair.run(10500ms);
    ASSERT_EQ(pair.carrying(), 1U);
    pair.set_loss({0, 1}, true);
    pair.run_until([&] { return !pair.distributing({1, 1}); }, 3100ms);
    pair.run(10000ms);
    EXPECT_FALSE(pair.distributing({0, 1}));
    EXPECT_FALSE(pair.distributing({1, 1}));
}

TEST(Pair, AShortOutageNeedsNoNewNegotiation) {
    Pair pair(2);
    pair.run(5000ms);
    ASSERT_EQ(pair.carrying(), 2U);
    pair.set_link({0, 1}, false);
    EXPECT_FALSE(pair.distributing({0, 1}));
    pair.run(700ms);
    EXPECT_TRUE(pair.both_distributing({0, 2}));
    pair.set_link({0, 1}, true);
    const auto took = pair.run_until([&] { return pair.carrying() == 2; }, 3000ms);
    EXPECT_LE(took, 1100ms) << "no wait_while_timer: Selected was kept";
    EXPECT_EQ(pair.port({0, 1}).selected, Selected::SELECTED);
}

TEST(Pair, ARestartedEndIsTakenBack) {
    Pair pair(2);
    pair.run(5000ms);
    pair.restart(1, system_parameters(2));
    pair.run(200ms);
    EXPECT_FALSE(pair.distributing({0, 1})) << "the new partner is out of sync";
    pair.run_until([&] { return pair.carrying() == 2; }, 5000ms);
}

TEST(Pair, LeavingTellsThePartnerBeforeItSendsIntoTheVoid) {
    Pair pair(2);
    pair.run(5000ms);
    pair.step(0, PortLeaving{1});
    pair.run(2ms);
    EXPECT_FALSE(pair.distributing({1, 1}));
    EXPECT_TRUE(pair.both_distributing({0, 2}));
    const size_t said = pair.sent({0, 1}).size();
    pair.run(100000ms);
    EXPECT_EQ(pair.sent({0, 1}).size(), said);
    pair.step(0, PortReturning{1});
    pair.run_until([&] { return pair.carrying() == 2; }, 5000ms);
    pair.step(0, PortRemoved{1});
    EXPECT_EQ(pair.snapshot(0).ports.size(), 1U);
    pair.step(0, LinkChanged{1, true, true, 10000}); // a late message about a port that is gone
    EXPECT_EQ(pair.snapshot(0).ports.size(), 1U);
}

TEST(Pair, TwoPartnersAreTwoAggregatorsAndOneIsActive) {
    Network network;
    for (const uint8_t octet : {1, 2, 3})
        network.add_system(system_parameters(octet));
    network.connect({0, 1}, {1, 1});
    network.connect({0, 2}, {2, 1});
    network.run(10000ms);
    EXPECT_TRUE(network.both_distributing({0, 1}));
    EXPECT_FALSE(network.distributing({0, 2}));
    EXPECT_FALSE(network.distributing({2, 1})) << "it must not send where nobody collects";
    EXPECT_NE(network.port({0, 1}).aggregator, network.port({0, 2}).aggregator);
    EXPECT_EQ(network.port({0, 2}).selected, Selected::STANDBY);

    network.set_link({0, 1}, false);
    const auto took = network.run_until([&] { return network.both_distributing({0, 2}); }, 3000ms);
    EXPECT_LE(took, 500ms) << "the standby port has waited long before";
    network.set_link({0, 1}, true);
    network.run(10000ms);
    EXPECT_TRUE(network.both_distributing({0, 2})) << "STABLE does not go back";
    EXPECT_FALSE(network.distributing({0, 1}));
}

TEST(Pair, ADeafPartnerGivesWayToOneInSync) {
    Network network;
    for (const uint8_t octet : {1, 2, 3})
        network.add_system(system_parameters(octet));
    network.set_loss({0, 1}, true); // system 1 speaks, never hears, hence is never in sync
    network.connect({0, 1}, {1, 1});
    network.run(100ms);
    network.connect({0, 2}, {2, 1});
    network.run(15000ms);
    EXPECT_TRUE(network.both_distributing({0, 2}));
}

TEST(Pair, BandwidthAndCountChooseTheBestAggregator) {
    for (const AggregatorChoice choice : {AggregatorChoice::BANDWIDTH, AggregatorChoice::COUNT}) {
        SystemParameters ours = system_parameters(1);
        ours.aggregator_choice = choice;
        Network network;
        network.add_system(ours);
        network.add_system(system_parameters(2));
        network.add_system(system_parameters(3));
        network.connect({0, 1}, {1, 1}, {}, {}, 1000);
        network.connect({0, 2}, {1, 2}, {}, {}, 1000);
        network.connect({0, 3}, {2, 1}, {}, {}, 10000);
        network.run(10000ms);
        const bool one_fast_link = choice == AggregatorChoice::BANDWIDTH;
        EXPECT_EQ(network.both_distributing({0, 3}), one_fast_link);
        EXPECT_EQ(network.both_distributing({0, 1}), !one_fast_link);
        EXPECT_EQ(network.both_distributing({0, 2}), !one_fast_link);
    }
}

// Two Systems that both choose, with two LAGs between them: the lower one decides, else each could
// follow the other for ever.
TEST(Pair, BothEndsAgreeOnTheActiveLag) {
    PortParameters other_key;
    other_key.key = 2;
    for (const bool lower_wants_bandwidth : {false, true}) {
        SystemParameters low = system_parameters(1), high = system_parameters(2);
        (lower_wants_bandwidth ? low : high).aggregator_choice = AggregatorChoice::BANDWIDTH;
        (lower_wants_bandwidth ? high : low).aggregator_choice = AggregatorChoice::COUNT;
        Network network;
        network.add_system(low);
        network.add_system(high);
        network.connect({0, 1}, {1, 1}, {}, {}, 1000);
        network.connect({0, 2}, {1, 2}, {}, {}, 1000);
        network.connect({0, 3}, {1, 3}, other_key, other_key, 10000);
        network.run(20000ms);
        EXPECT_EQ(network.both_distributing({0, 3}), lower_wants_bandwidth);
        EXPECT_EQ(network.both_distributing({0, 1}), !lower_wants_bandwidth);
        network.recorder(0).actions.clear();
        network.recorder(1).actions.clear();
        network.run(600000ms);
        EXPECT_TRUE(network.recorder(0).all<PortMembership>().empty()) << "it is settled";
        EXPECT_TRUE(network.recorder(1).all<PortMembership>().empty()) << "it is settled";
    }
}

TEST(Pair, PortsWithDifferentKeysAreNotAggregated) {
    PortParameters other_key;
    other_key.key = 2;
    Network network;
    network.add_system(system_parameters(1));
    network.add_system(system_parameters(2));
    network.connect({0, 1}, {1, 1});
    network.connect({0, 2}, {1, 2}, {}, other_key);
    network.run(10000ms);
    EXPECT_TRUE(network.both_distributing({0, 1}));
    EXPECT_FALSE(network.distributing({0, 2}));
}

TEST(Pair, AnIndividualPortIsAlone) {
    PortParameters individual;
    individual.aggregatable = false;
    Pair pair(2, {}, individual);
    pair.run(10000ms);
    EXPECT_EQ(pair.carrying(), 1U);
    EXPECT_NE(pair.port({0, 1}).aggregator, pair.port({0, 2}).aggregator);
}

TEST(Pair, HalfDuplexIsIndividual) {
    Pair pair(2);
    pair.step(0, LinkChanged{2, true, false, 100});
    pair.run(10000ms);
    EXPECT_EQ(pair.carrying(), 1U);
    EXPECT_FALSE(pair.port({0, 2}).actor.state.aggregation);
}

TEST(Pair, MaxLinksKeepsTheOthersOnStandbyAndTheyTakeOver) {
    SystemParameters limited = system_parameters(1);
    limited.max_links = 2;
    Pair pair(3, {}, {}, limited);
    pair.run(10000ms);
    EXPECT_EQ(pair.carrying(), 2U);
    EXPECT_EQ(pair.port({0, 3}).selected, Selected::STANDBY);
    EXPECT_EQ(pair.port({0, 3}).mux, MuxState::WAITING);
    EXPECT_FALSE(pair.port({0, 3}).actor.state.synchronization);
    const size_t said = pair.sent({0, 3}).size();
    pair.run(61000ms);
    EXPECT_GE(pair.sent({0, 3}).size(), said + 2) << "STANDBY goes on speaking";

    pair.set_link({0, 1}, false);
    EXPECT_LE(pair.run_until([&] { return pair.both_distributing({0, 3}); }, 3000ms), 500ms);
    pair.set_link({0, 1}, true);
    pair.run(10000ms);
    EXPECT_TRUE(pair.both_distributing({0, 1})) << "the better port comes back";
    EXPECT_EQ(pair.port({0, 3}).selected, Selected::STANDBY);
}

TEST(Pair, TheLowerSystemDecidesWhichLinksAreUsed) {
    for (const bool limited_is_lower : {true, false}) {
        SystemParameters a = system_parameters(limited_is_lower ? 1 : 3);
        a.max_links = 1;
        Network network;
        network.add_system(a);
        network.add_system(system_parameters(2));
        // Port 1 is the better one for system 0, port 2 for system 1.
        network.connect({0, 1}, {1, 11});
        network.connect({0, 2}, {1, 10});
        network.run(10000ms);
        EXPECT_EQ(network.both_distributing({0, 1}), limited_is_lower);
        EXPECT_EQ(network.both_distributing({0, 2}), !limited_is_lower);
    }
}

TEST(Pair, ACableBetweenTwoOwnPortsCarriesNothing) {
    Network network;
    network.add_system(system_parameters(1));
    network.add_system(system_parameters(2));
    network.connect({0, 1}, {0, 2});
    network.connect({0, 3}, {1, 1});
    network.run(60000ms);
    for (const PortNumber number : {1, 2}) {
        const PortSnapshot port = network.port({0, number});
        EXPECT_TRUE(port.loopback);
        EXPECT_EQ(port.selected, Selected::UNSELECTED);
        EXPECT_FALSE(port.collecting);
        EXPECT_LE(network.sent({0, number}).size(), 12U) << "no storm";
    }
    EXPECT_TRUE(network.both_distributing({0, 3}));
    EXPECT_FALSE(network.port({0, 3}).loopback);
}

TEST(Pair, APortLoopedOntoItselfCarriesNothing) {
    Network network;
    network.add_system(system_parameters(1));
    network.connect({0, 1}, {0, 1});
    network.run(60000ms);
    EXPECT_TRUE(network.port({0, 1}).loopback);
    EXPECT_FALSE(network.port({0, 1}).collecting);
    EXPECT_LE(network.sent({0, 1}).size(), 12U);
}

PortParameters optimistic() {
    PortParameters parameters;
    parameters.partner_admin.state = state_from_octet(0x3c);
    return parameters;
}

// lagg(4) without lacp_strict: ports whose partner never speaks aggregate and carry traffic.
TEST(Pair, OptimisticPortsCarryWithoutAPartner) {
    Network network;
    network.add_system(system_parameters(1));
    network.step(0, PortAdded{1, {}, optimistic()});
    network.step(0, PortAdded{2, {}, optimistic()});
    for (const PortNumber number : {1, 2})
        network.step(0, LinkChanged{number, true, true, 10000});
    network.run(6000ms);
    EXPECT_TRUE(network.distributing({0, 1}));
    EXPECT_TRUE(network.distributing({0, 2}));
    EXPECT_EQ(network.port({0, 1}).aggregator, network.port({0, 2}).aggregator);
}

TEST(Pair, PessimisticPortsDoNot) {
    Network network;
    network.add_system(system_parameters(1));
    network.step(0, PortAdded{1, {}, {}});
    network.step(0, LinkChanged{1, true, true, 10000});
    network.run(60000ms);
    EXPECT_FALSE(network.port({0, 1}).collecting);
    EXPECT_EQ(to_octet(network.port({0, 1}).actor.state), 0x45);
}

TEST(Pair, OptimisticPortsMoveToAPartnerThatStartsToSpeak) {
    Pair pair(0);
    for (const End end : {End{0, 1}, End{0, 2}, End{1, 1}, End{1, 2}})
        pair.set_loss(end, true);
    for (const PortNumber i : {1, 2})
        pair.connect({0, i}, {1, i}, optimistic(), optimistic());
    pair.run(8000ms);
    EXPECT_EQ(pair.carrying(), 2U);
    EXPECT_TRUE(pair.port({0, 1}).actor.state.defaulted);
    for (const End end : {End{0, 1}, End{0, 2}, End{1, 1}, End{1, 2}})
        pair.set_loss(end, false);
    pair.run(40000ms);
    EXPECT_EQ(pair.carrying(), 2U);
    EXPECT_FALSE(pair.port({0, 1}).actor.state.defaulted);
}

// Distribution stops before the port leaves, so the dataplane never sends on a port that is out.
TEST(Pair, MembershipIsToldOnChangeOnlyAndClosesDistributionFirst) {
    Pair pair;
    pair.run(5000ms);
    pair.recorder(0).actions.clear();
    pair.set_link({0, 1}, false);
    const std::vector<Action> actions = pair.recorder(0).actions;
    bool closed = false;
    for (const Action &action : actions) {
        if (const auto *membership = std::get_if<PortMembership>(&action)) {
            closed = !membership->distributing;
        }
        const auto *change = std::get_if<StateChanged>(&action);
        if (change == nullptr || change->machine != StateChanged::Machine::MUX) continue;
        EXPECT_TRUE(closed) << change->to;
    }
    const auto memberships = pair.recorder(0).all<PortMembership>();
    for (size_t i = 1; i < memberships.size(); ++i) {
        EXPECT_NE(std::pair(memberships[i].collecting, memberships[i].distributing),
                  std::pair(memberships[i - 1].collecting, memberships[i - 1].distributing));
    }
}

} // namespace
} // namespace lagg::lacp
