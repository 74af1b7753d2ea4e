// Findings of the simulation, one named test each, in the fewest steps that show it.
#include "lacp/selection_logic.hh"

#include "tests/lacp/pair_harness.hh"

namespace lagg::lacp {
namespace {

/// Two Systems; the first has the lower identifier and decides.
struct Pair {
    explicit Pair(uint16_t max_links = 0) {
        SystemParameters decides = system_parameters(1);
        decides.max_links = max_links;
        network.add_system(decides);
        network.add_system(system_parameters(2));
    }
    void connect(PortNumber port, PortParameters here, PortParameters there) {
        network.connect({0, port}, {1, port}, here, there);
    }
    bool carries(PortNumber port) const { return network.both_distributing({0, port}); }
    Network network;
};

PortParameters with_key(Key key, bool drained = false) {
    PortParameters parameters;
    parameters.key = key;
    parameters.drained = drained;
    return parameters;
}

TEST(Found, ALinkThatIsDrainedOverThereGivesItsPlaceAmongMaxLinksUp) {
    Pair pair(1);
    pair.connect(1, {}, {});
    pair.connect(2, {}, {});
    pair.network.run(5000ms);
    ASSERT_TRUE(pair.carries(1));
    pair.network.step(1, PortParametersChanged{1, with_key(1, true)});
    pair.network.run_until([&] { return pair.carries(2); }, 6000ms);
    pair.network.step(1, PortParametersChanged{1, with_key(1)});
    pair.network.run_until([&] { return pair.carries(1); }, 6000ms);
}

// The first end drained one link, the second end another, and the third link, in an Aggregator of
// its own at both ends, was offered by neither: each held on to what the other had drained.
TEST(Found, AnAggregatorThatWasNotOfferedYetIsTried) {
    Pair pair;
    pair.connect(1, {}, with_key(1));
    pair.connect(2, with_key(1, true), with_key(2));
    pair.connect(3, {}, with_key(3));
    pair.network.run(5000ms);
    ASSERT_TRUE(pair.carries(1));
    pair.network.step(1, PortParametersChanged{1, with_key(1, true)});
    pair.network.run_until([&] { return pair.carries(3); }, 15000ms);
}

/// A port of the end that decides, whose partner refused for long.
AggregationPort refused_port(PortNumber number, Key partner_key) {
    AggregationPort port;
    port.number = number;
    port.port_enabled = true;
    port.rx = RxState::CURRENT;
    port.selected = Selected::STANDBY;
    port.aggregator = number;
    port.mux = MuxState::WAITING;
    port.ready_n = true;
    port.actor.system = system_parameters(1).system;
    port.actor.state = state_from_octet(0x05);
    port.partner.system = system_parameters(2).system;
    port.partner.key = partner_key;
    port.partner.state = state_from_octet(0x05);
    port.attitude = PartnerAttitude::REFUSES;
    return port;
}

// Each end saw the other in sync on the other link, went there at the same moment, and so on, every
// two seconds for ever.
TEST(Found, AnEndThatDecidesDoesNotChaseThePartnerThatFollows) {
    Ports ports{};
    ports[0] = refused_port(1, 1);
    ports[1] = refused_port(2, 2);
    ports[0].selected = Selected::SELECTED;
    ports[0].mux = MuxState::ATTACHED;
    ports[0].actor.state.synchronization = true;
    ports[1].partner.state.synchronization = true;
    EXPECT_EQ(select({}, ports, 1).active, 1);
    ports[0].partner.state.synchronization = true;
    EXPECT_EQ(select({}, ports, 1).active, 1) << "both in sync is as good as it gets";
    ports[0].partner.state.synchronization = false;
    ports[1].attitude = PartnerAttitude::AGREES;
    EXPECT_EQ(select({}, ports, 1).active, 2) << "a partner that stays there is believed";
}

} // namespace
} // namespace lagg::lacp
