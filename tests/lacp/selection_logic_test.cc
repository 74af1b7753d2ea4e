// Selection Logic as a pure function: ports in, assignments out.
#include "lacp/selection_logic.hh"

#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

using enum Selected;

/// A port with link and a partner in sync, not selected yet.
AggregationPort heard_port(PortNumber number, SystemId partner = kTheirs) {
    AggregationPort port;
    port.number = number;
    port.port_enabled = true;
    port.speed_mbps = 1000;
    port.rx = RxState::CURRENT;
    port.actor.system = kOurs;
    port.actor.key = 1;
    port.actor.port = {0x8000, number};
    port.actor.state = state_from_octet(0x05);
    port.partner.system = partner;
    port.partner.key = 7;
    port.partner.port = {0x8000, static_cast<PortNumber>(200 - number)};
    port.partner.state = state_from_octet(0x0d);
    port.attitude = PartnerAttitude::AGREES;
    return port;
}

Ports ports_of(std::initializer_list<AggregationPort> list) {
    Ports ports;
    std::copy(list.begin(), list.end(), ports.begin());
    return ports;
}

SystemParameters limited_to(uint16_t max_links) {
    SystemParameters parameters;
    parameters.max_links = max_links;
    return parameters;
}

TEST(SelectionLogic, TheSameLagIdSharesAnAggregator) {
    const Selection s = select({}, ports_of({heard_port(5), heard_port(3)}), 0);
    EXPECT_EQ(s.ports[0].aggregator, 1);
    EXPECT_EQ(s.ports[1].aggregator, 1);
    EXPECT_EQ(s.ports[0].selected, SELECTED);
    EXPECT_EQ(s.ports[1].selected, SELECTED);
    EXPECT_EQ(s.active, 1);
    EXPECT_EQ(s.ports[2].selected, UNSELECTED) << "an empty place";
}

TEST(SelectionLogic, ADifferentLagIdNeverDoes) {
    const AggregationPort base = heard_port(1);
    std::vector<AggregationPort> others(6, heard_port(2));
    others[0].actor.key = 2;
    others[1].partner.key = 8;
    others[2].partner.system.address[5] ^= 1;
    others[3].partner.system.priority ^= 1;
    others[4].actor.state.aggregation = false;
    others[5].partner.state.aggregation = false;
    for (const AggregationPort &other : others) {
        const Selection s = select({}, ports_of({base, other}), 0);
        EXPECT_EQ(s.ports[0].aggregator, 1);
        EXPECT_EQ(s.ports[1].aggregator, 2);
        EXPECT_NE(s.ports[0].selected == SELECTED, s.ports[1].selected == SELECTED);
    }
}

TEST(SelectionLogic, TwoIndividualPortsOfOnePartnerStayApart) {
    AggregationPort a = heard_port(1), b = heard_port(2);
    a.partner.state.aggregation = b.partner.state.aggregation = false;
    b.partner.port = a.partner.port;
    const Selection s = select({}, ports_of({a, b}), 0);
    EXPECT_NE(s.ports[0].aggregator, s.ports[1].aggregator);
}

TEST(SelectionLogic, APortIsNotReselectedBeforeItIsDetached) {
    AggregationPort port = heard_port(1);
    port.mux = MuxState::ATTACHED;
    port.aggregator = 4;
    const Selection s = select({}, ports_of({port}), 0);
    EXPECT_EQ(s.ports[0].selected, UNSELECTED);
    EXPECT_EQ(s.ports[0].aggregator, 4);
}

TEST(SelectionLogic, AnAggregatorStillAttachedToAPortIsNotGivenAway) {
    AggregationPort detaching = heard_port(1);
    detaching.mux = MuxState::COLLECTING;
    detaching.aggregator = 2;
    const Selection s = select({}, ports_of({detaching, heard_port(2)}), 0);
    EXPECT_EQ(s.ports[1].aggregator, 1) << "its own, 2, is still in use";
}

TEST(SelectionLogic, WaitsForAnUnknownPartnerUntilDefaulted) {
    AggregationPort port = heard_port(1);
    port.partner = {};
    port.actor.state.defaulted = true;
    for (const RxState rx : {RxState::INITIALIZE, RxState::PORT_DISABLED, RxState::EXPIRED}) {
        port.rx = rx;
        EXPECT_EQ(select({}, ports_of({port}), 0).ports[0].selected, UNSELECTED);
    }
    port.rx = RxState::DEFAULTED;
    EXPECT_EQ(select({}, ports_of({port}), 0).ports[0].selected, STANDBY)
        << "a pessimistic default can carry nothing";
    port.partner.state.synchronization = true;
    EXPECT_EQ(select({}, ports_of({port}), 0).ports[0].selected, SELECTED);
}

TEST(SelectionLogic, LeavingAndLoopedPortsStayOut) {
    AggregationPort leaving = heard_port(1);
    leaving.leaving = true;
    AggregationPort looped = heard_port(2, kOurs);
    const Selection s = select({}, ports_of({leaving, looped}), 0);
    EXPECT_EQ(s.ports[0].selected, UNSELECTED);
    EXPECT_EQ(s.ports[1].selected, UNSELECTED);
    EXPECT_EQ(s.active, 0);
}

/// Two ports to two partners; port 2 is faster.
Ports two_partners() {
    AggregationPort a = heard_port(1), b = heard_port(2, {0x8000, {2, 2, 2, 2, 2, 2}});
    b.speed_mbps = 2000;
    return ports_of({a, b});
}

TEST(SelectionLogic, StableKeepsTheActiveAggregatorWhileItCanCarry) {
    Ports ports = two_partners();
    EXPECT_EQ(select({}, ports, 1).active, 1);
    EXPECT_EQ(select({}, ports, 2).active, 2);
    ports[0].rx = RxState::EXPIRED;
    EXPECT_EQ(select({}, ports, 1).active, 2);
    ports[0].rx = RxState::CURRENT;
    ports[0].port_enabled = false;
    EXPECT_EQ(select({}, ports, 1).active, 2);
}

TEST(SelectionLogic, AnAggregatorThatCannotCarryStaysActiveWhileThereIsNoBetter) {
    Ports ports = two_partners();
    ports[0].selected = SELECTED;
    ports[0].aggregator = 1;
    ports[0].port_enabled = ports[1].port_enabled = false;
    EXPECT_EQ(select({}, ports, 1).active, 1);
    EXPECT_EQ(select({}, ports, 1).ports[0].selected, SELECTED);
    EXPECT_EQ(select({}, Ports{}, 1).active, 0);
}

TEST(SelectionLogic, BandwidthAndCountMoveToTheBest) {
    Ports ports = two_partners();
    SystemParameters parameters;
    parameters.aggregator_choice = AggregatorChoice::BANDWIDTH;
    EXPECT_EQ(select(parameters, ports, 1).active, 2);
    parameters.aggregator_choice = AggregatorChoice::COUNT;
    EXPECT_EQ(select(parameters, ports, 1).active, 1) << "a draw keeps the active one";
    ports[2] = heard_port(3, ports[1].partner.system);
    EXPECT_EQ(select(parameters, ports, 1).active, 2);
}

TEST(SelectionLogic, MaxLinksFollowsThePortIdsOfTheLowerSystem) {
    // We are lower: our lower port number wins, although the partner's order is the opposite.
    Ports ports = ports_of({heard_port(1), heard_port(2)});
    EXPECT_EQ(select(limited_to(1), ports, 0).ports[0].selected, SELECTED);
    EXPECT_EQ(select(limited_to(1), ports, 0).ports[1].selected, STANDBY);
    ports[1].actor.port.priority = 1;
    EXPECT_EQ(select(limited_to(1), ports, 0).ports[1].selected, SELECTED) << "priority first";

    const SystemId lower{0x0001, {0x02, 9, 9, 9, 9, 9}};
    ports = ports_of({heard_port(1, lower), heard_port(2, lower)});
    EXPECT_EQ(select(limited_to(1), ports, 0).ports[0].selected, STANDBY);
    EXPECT_EQ(select(limited_to(1), ports, 0).ports[1].selected, SELECTED);
}

TEST(SelectionLogic, ABetterPortReplacesAnAttachedOneWhenItIsReady) {
    Ports ports = ports_of({heard_port(1), heard_port(2)});
    ports[0].selected = STANDBY;
    ports[0].mux = MuxState::WAITING;
    ports[1].selected = SELECTED;
    ports[1].mux = MuxState::DISTRIBUTING;
    ports[0].aggregator = ports[1].aggregator = 1;
    EXPECT_EQ(select(limited_to(1), ports, 1).ports[1].selected, SELECTED);
    ports[0].ready_n = true;
    EXPECT_EQ(select(limited_to(1), ports, 1).ports[0].selected, SELECTED);
    EXPECT_EQ(select(limited_to(1), ports, 1).ports[1].selected, STANDBY);
    ports[0].port_enabled = false;
    EXPECT_EQ(select(limited_to(1), ports, 1).ports[1].selected, SELECTED) << "it has no link";
}

TEST(SelectionLogic, ARefusingPartnerLosesAgainstOneInSync) {
    Ports ports = two_partners();
    ports[0].partner.state.synchronization = false;
    EXPECT_EQ(select({}, ports, 1).active, 1) << "it may only be negotiating";
    ports[0].attitude = PartnerAttitude::REFUSES;
    EXPECT_EQ(select({}, ports, 1).active, 2);
}

} // namespace
} // namespace lagg::lacp
