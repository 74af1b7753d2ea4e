// Every arrow and box of the Mux machine under both kinds of control, and Ready.
#include "lacp/mux_machine.hh"
#include "lacp/selection_logic.hh"

#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

using enum MuxState;
using enum Selected;
using mux_machine::Control;

struct MuxArrow {
    MuxState from;
    Selected selected;
    bool ready, partner_sync, partner_collecting;
    std::optional<MuxState> to;
};

void check(Control control, const std::vector<MuxArrow> &cases) {
    for (const MuxArrow &c : cases) {
        AggregationPort port;
        port.mux = c.from;
        port.selected = c.selected;
        port.partner.state.synchronization = c.partner_sync;
        port.partner.state.collecting = c.partner_collecting;
        const auto arrow = mux_machine::next(port, control, c.ready);
        const auto name = testing::Message()
                          << int(c.from) << " selected " << int(c.selected) << " ready " << c.ready
                          << " sync " << c.partner_sync << " collecting " << c.partner_collecting;
        EXPECT_EQ(arrow.has_value(), c.to.has_value()) << name;
        if (arrow && c.to) {
            EXPECT_EQ(arrow->to, *c.to) << name;
        }
    }
}

const std::vector<MuxArrow> kCommonArrows = {
    {DETACHED, UNSELECTED, true, true, true, {}},
    {DETACHED, SELECTED, false, false, false, WAITING},
    {DETACHED, STANDBY, false, false, false, WAITING},
    {WAITING, SELECTED, true, false, false, ATTACHED},
    {WAITING, SELECTED, false, true, true, {}},
    {WAITING, STANDBY, true, true, true, {}},
    {WAITING, UNSELECTED, true, true, true, DETACHED},
    {ATTACHED, SELECTED, true, false, true, {}},
    {ATTACHED, UNSELECTED, true, true, true, DETACHED},
    {ATTACHED, STANDBY, true, true, true, DETACHED},
};

TEST(MuxMachine, HasTheArrowsOfIndependentControl) {
    check(Control::INDEPENDENT, kCommonArrows);
    check(Control::INDEPENDENT, {
                                    {ATTACHED, SELECTED, true, true, false, COLLECTING},
                                    {COLLECTING, SELECTED, true, true, false, {}},
                                    {COLLECTING, SELECTED, true, true, true, DISTRIBUTING},
                                    {COLLECTING, SELECTED, true, false, true, ATTACHED},
                                    {COLLECTING, UNSELECTED, true, true, true, ATTACHED},
                                    {COLLECTING, STANDBY, true, true, true, ATTACHED},
                                    {DISTRIBUTING, SELECTED, false, true, true, {}},
                                    {DISTRIBUTING, SELECTED, true, true, false, COLLECTING},
                                    {DISTRIBUTING, SELECTED, true, false, true, COLLECTING},
                                    {DISTRIBUTING, UNSELECTED, true, true, true, COLLECTING},
                                    {DISTRIBUTING, STANDBY, true, true, true, COLLECTING},
                                    {COLLECTING_DISTRIBUTING, SELECTED, true, true, true, ATTACHED},
                                });
}

TEST(MuxMachine, HasTheArrowsOfCoupledControl) {
    check(Control::COUPLED, kCommonArrows);
    check(Control::COUPLED, {
                                {ATTACHED, SELECTED, true, true, false, COLLECTING_DISTRIBUTING},
                                {COLLECTING_DISTRIBUTING, SELECTED, false, true, false, {}},
                                {COLLECTING_DISTRIBUTING, SELECTED, true, false, true, ATTACHED},
                                {COLLECTING_DISTRIBUTING, UNSELECTED, true, true, true, ATTACHED},
                                {COLLECTING_DISTRIBUTING, STANDBY, true, true, true, ATTACHED},
                                {COLLECTING, SELECTED, true, true, true, ATTACHED},
                                {DISTRIBUTING, SELECTED, true, true, true, COLLECTING},
                            });
}

TEST(MuxMachine, BoxesSetWhatThePartnerReads) {
    struct Case {
        MuxState state;
        unsigned octet;
        bool ntt;
    };
    for (const Case &c : {Case{DETACHED, 0x00, true},
                          {ATTACHED, 0x08, true},
                          {COLLECTING, 0x18, true},
                          {DISTRIBUTING, 0x38, true},
                          {COLLECTING_DISTRIBUTING, 0x38, true}}) {
        AggregationPort port;
        port.actor.state = state_from_octet(0x38);
        mux_machine::enter(port, c.state, at(0ms));
        EXPECT_EQ(to_octet(port.actor.state), c.octet) << int(c.state);
        EXPECT_EQ(port.ntt, c.ntt) << int(c.state);
        EXPECT_FALSE(port.wait_while_timer.is_running()) << int(c.state);
    }
}

TEST(MuxMachine, WaitingIsReadyAfterTwoSeconds) {
    AggregationPort port;
    mux_machine::enter(port, WAITING, at(0ms));
    EXPECT_FALSE(port.ntt);
    EXPECT_FALSE(mux_machine::run_wait_while(port, at(1999ms)));
    EXPECT_FALSE(port.ready_n);
    EXPECT_TRUE(mux_machine::run_wait_while(port, at(2000ms)));
    EXPECT_TRUE(port.ready_n);
    EXPECT_FALSE(port.wait_while_timer.is_running());
    mux_machine::enter(port, DETACHED, at(2000ms));
    EXPECT_FALSE(port.ready_n);
}

TEST(MuxMachine, DetachingGivesTheAggregatorUpUnlessOnStandby) {
    AggregationPort port;
    port.aggregator = 4;
    port.selected = STANDBY;
    mux_machine::enter(port, DETACHED, at(0ms));
    EXPECT_EQ(port.aggregator, 4);
    port.selected = UNSELECTED;
    mux_machine::enter(port, DETACHED, at(0ms));
    EXPECT_EQ(port.aggregator, 0);
}

std::vector<unsigned> states_on_the_wire(const Recorder &recorder) {
    std::vector<unsigned> states;
    for (const Lacpdu &pdu : recorder.lacpdus()) {
        const unsigned octet = to_octet(pdu.actor.state);
        if (states.empty() || states.back() != octet) states.push_back(octet);
    }
    return states;
}

/// A partner that climbs one step for each of ours, as two conforming ends do.
std::vector<unsigned> negotiate(bool coupled) {
    SystemParameters parameters;
    parameters.coupled_control = coupled;
    LoneSystem us(parameters);
    us.add(1);
    for (const auto &[octet, pause] :
         {std::pair{0x05, 1000ms}, {0x0d, 3000ms}, {0x1d, 1000ms}, {0x3d, 1000ms}}) {
        Lacpdu pdu = us.reply(1);
        pdu.actor.state = state_from_octet(static_cast<uint8_t>(octet));
        if (octet == 0x05) pdu.partner = {}; // it has not heard us yet
        us.receive(1, pdu);
        us.run(pause);
    }
    return states_on_the_wire(us.recorder);
}

TEST(MuxMachine, ClimbsInOrderOnTheWire) {
    EXPECT_EQ(negotiate(false), (std::vector<unsigned>{0xc5, 0x05, 0x1d, 0x3d}));
    EXPECT_EQ(negotiate(true), (std::vector<unsigned>{0xc5, 0x05, 0x3d}));
}

// The partner hears of ATTACHED even when it is not in sync itself, else both would wait for ever.
TEST(MuxMachine, StaysAttachedWhileThePartnerIsOutOfSync) {
    LoneSystem us;
    us.add(1);
    Lacpdu pdu = us.reply(1);
    pdu.actor.state = state_from_octet(0x35);
    us.receive(1, pdu);
    us.run(2000ms);
    pdu.partner = us.port(1).actor;
    us.receive(1, pdu);
    us.run(10000ms);
    EXPECT_EQ(us.port(1).mux, ATTACHED);
    EXPECT_EQ(to_octet(us.port(1).actor.state), 0x0d);
    EXPECT_TRUE(us.recorder.all<PortMembership>().empty());
}

TEST(MuxMachine, DoesNotSendToAPartnerThatDoesNotCollect) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    ASSERT_EQ(us.port(1).mux, DISTRIBUTING);
    Lacpdu pdu = us.reply(1);
    pdu.actor.state.collecting = false;
    us.receive(1, pdu);
    EXPECT_EQ(us.port(1).mux, COLLECTING);
    EXPECT_TRUE(us.port(1).collecting);
    EXPECT_FALSE(us.port(1).distributing);
    pdu.actor.state.synchronization = false;
    us.receive(1, pdu);
    EXPECT_EQ(us.port(1).mux, ATTACHED);
    EXPECT_FALSE(us.port(1).collecting);
}

TEST(MuxMachine, APartnerWithAWrongViewOfUsGetsNoData) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    ASSERT_TRUE(us.port(1).distributing);
    Lacpdu pdu = us.reply(1);
    pdu.partner.port.number ^= 1;
    us.receive(1, pdu);
    EXPECT_FALSE(us.port(1).distributing);
    EXPECT_FALSE(us.port(1).collecting);
}

TEST(Ready, TwoPortsAttachTogetherWhenTheLaterOneIsReady) {
    LoneSystem us;
    us.add(1);
    us.add(2);
    us.receive_reply(1);
    us.run(1000ms);
    us.receive_reply(2);
    us.run(1999ms);
    EXPECT_EQ(us.port(1).mux, WAITING) << "its own 2 s are over, but port 2 is not ready";
    us.run(1ms);
    EXPECT_EQ(us.port(1).mux, DISTRIBUTING);
    EXPECT_NE(us.port(2).mux, WAITING);
}

TEST(Ready, OtherAggregatorsAndStandbyPortsAreNotWaitedFor) {
    Ports ports;
    for (size_t i = 0; i < 3; ++i) {
        ports[i].number = static_cast<PortNumber>(i + 1);
        ports[i].mux = WAITING;
        ports[i].aggregator = 1;
        ports[i].selected = SELECTED;
        ports[i].ready_n = true;
    }
    EXPECT_TRUE(is_ready(ports, 1));
    ports[2].ready_n = false;
    EXPECT_FALSE(is_ready(ports, 1));
    ports[2].selected = STANDBY;
    EXPECT_TRUE(is_ready(ports, 1));
    ports[2].selected = SELECTED;
    ports[2].aggregator = 2;
    EXPECT_TRUE(is_ready(ports, 1));
    ports[2].aggregator = 1;
    ports[2].mux = ATTACHED;
    EXPECT_TRUE(is_ready(ports, 1));
}

// The order of the two actions keeps the dataplane from sending where nobody collects.
TEST(MuxMachine, ChangingTheKindOfControlPassesThroughAttached) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    SystemParameters coupled;
    coupled.system = kOurs;
    coupled.coupled_control = true;
    us.step(SystemParametersChanged{coupled});
    EXPECT_EQ(us.port(1).mux, COLLECTING_DISTRIBUTING);
    coupled.coupled_control = false;
    us.step(SystemParametersChanged{coupled});
    EXPECT_EQ(us.port(1).mux, DISTRIBUTING);
}

} // namespace
} // namespace lagg::lacp
