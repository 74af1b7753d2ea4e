// Every arrow and box of the Receive machine, and the functions of CURRENT field by field.
#include "lacp/receive_machine.hh"

#include "tests/lacp/lone_system.hh"

#include <functional>

namespace lagg::lacp {
namespace {

using enum RxState;

PortInformation partner_info() {
    PortInformation info;
    info.system = kTheirs;
    info.key = 7;
    info.port = {0x80, 101};
    info.state = state_from_octet(0x3d);
    return info;
}

/// An active port with link that has just heard partner_info() and was SELECTED.
AggregationPort current_port() {
    AggregationPort port;
    port.number = 1;
    port.port_enabled = true;
    port.actor.system = kOurs;
    port.actor.key = 1;
    port.actor.port = {0x8000, 1};
    port.actor.state.activity = true;
    port.actor.state.aggregation = true;
    port.partner = partner_info();
    port.rx = CURRENT;
    port.selected = Selected::SELECTED;
    port.current_while_timer.start(at(0ms), 90s);
    return port;
}

/// An LACPDU of that partner that knows us well.
Lacpdu matching_pdu() {
    const AggregationPort port = current_port();
    return {partner_info(), port.actor, 0};
}

AggregationPort after(const Lacpdu &pdu, AggregationPort port = current_port()) {
    port.received = pdu;
    const auto arrow = receive_machine::next(port, at(0ms));
    EXPECT_TRUE(arrow);
    EXPECT_EQ(arrow->to, CURRENT);
    receive_machine::enter(port, CURRENT, at(0ms));
    return port;
}

struct ReceiveArrow {
    const char *name;
    RxState from;
    std::function<void(AggregationPort &)> given;
    std::optional<RxState> to;
};

TEST(ReceiveMachine, HasTheArrowsOfTheFigure) {
    const auto nothing = [](AggregationPort &) {};
    const auto down = [](AggregationPort &p) { p.port_enabled = false; };
    const auto moved = [](AggregationPort &p) { p.port_enabled = false, p.port_moved = true; };
    const auto disabled = [](AggregationPort &p) { p.parameters.lacp_enabled = false; };
    const auto expired = [](AggregationPort &p) { p.current_while_timer.start(at(0ms), 1s); };
    const auto heard = [](AggregationPort &p) { p.received = matching_pdu(); };
    const auto both = [](AggregationPort &p) {
        p.current_while_timer.start(at(0ms), 1s);
        p.received = matching_pdu();
    };
    const auto heard_while_down = [](AggregationPort &p) {
        p.received = matching_pdu();
        p.port_enabled = false;
    };
    const std::vector<ReceiveArrow> cases = {
        {"UCT", INITIALIZE, nothing, PORT_DISABLED},
        {"stays without link", PORT_DISABLED, down, {}},
        {"a frame does not revive a dead link", PORT_DISABLED, heard_while_down, {}},
        {"port_moved", PORT_DISABLED, moved, INITIALIZE},
        {"link up", PORT_DISABLED, nothing, EXPIRED},
        {"link up without LACP", PORT_DISABLED, disabled, LACP_DISABLED},
        {"stays", EXPIRED, nothing, {}},
        {"gives up", EXPIRED, expired, DEFAULTED},
        {"hears", EXPIRED, heard, CURRENT},
        {"link down", EXPIRED, down, PORT_DISABLED},
        {"LACP off", EXPIRED, disabled, PORT_DISABLED},
        {"stays", LACP_DISABLED, disabled, {}},
        {"LACP on", LACP_DISABLED, nothing, PORT_DISABLED},
        {"link down", LACP_DISABLED, down, PORT_DISABLED},
        {"stays", DEFAULTED, nothing, {}},
        {"hears", DEFAULTED, heard, CURRENT},
        {"link down", DEFAULTED, down, PORT_DISABLED},
        {"LACP off", DEFAULTED, disabled, PORT_DISABLED},
        {"stays", CURRENT, nothing, {}},
        {"hears again", CURRENT, heard, CURRENT},
        {"loses", CURRENT, expired, EXPIRED},
        {"a late caller's LACPDU counts before the timer", CURRENT, both, CURRENT},
        {"link down", CURRENT, down, PORT_DISABLED},
        {"LACP off", CURRENT, disabled, PORT_DISABLED},
    };
    for (const ReceiveArrow &c : cases) {
        AggregationPort port = current_port();
        port.rx = c.from;
        c.given(port);
        const auto arrow = receive_machine::next(port, at(5000ms));
        EXPECT_EQ(arrow.has_value(), c.to.has_value()) << int(c.from) << ' ' << c.name;
        if (arrow && c.to) {
            EXPECT_EQ(arrow->to, *c.to) << int(c.from) << ' ' << c.name;
        }
    }
}

TEST(ReceiveMachine, InitializeForgetsEverything) {
    AggregationPort port = current_port();
    port.port_moved = true;
    port.actor.state.expired = true;
    port.partner_admin.key = 42;
    receive_machine::enter(port, INITIALIZE, at(0ms));
    EXPECT_EQ(port.selected, Selected::UNSELECTED);
    EXPECT_EQ(port.partner, port.partner_admin);
    EXPECT_TRUE(port.actor.state.defaulted);
    EXPECT_FALSE(port.actor.state.expired);
    EXPECT_FALSE(port.port_moved);
    EXPECT_FALSE(port.current_while_timer.is_running());
}

TEST(ReceiveMachine, PortDisabledKeepsPartnerAndSelectionButNotSync) {
    AggregationPort port = current_port();
    receive_machine::enter(port, PORT_DISABLED, at(0ms));
    PortInformation expected = partner_info();
    expected.state.synchronization = false;
    EXPECT_EQ(port.partner, expected);
    EXPECT_EQ(port.selected, Selected::SELECTED);
    EXPECT_FALSE(port.actor.state.defaulted);
    EXPECT_FALSE(port.current_while_timer.is_running());
}

TEST(ReceiveMachine, ExpiredAsksForThreeSecondsWhateverTheTimeout) {
    AggregationPort port = current_port();
    port.actor.state.timeout = false;
    receive_machine::enter(port, EXPIRED, at(10000ms));
    EXPECT_FALSE(port.partner.state.synchronization);
    EXPECT_TRUE(port.partner.state.timeout);
    EXPECT_TRUE(port.actor.state.expired);
    EXPECT_TRUE(port.ntt);
    EXPECT_EQ(port.current_while_timer.expiry(), at(13000ms));
    EXPECT_EQ(port.selected, Selected::SELECTED);
}

TEST(ReceiveMachine, LacpDisabledMakesThePortIndividual) {
    AggregationPort port = current_port();
    port.partner_admin.state = state_from_octet(0x3c);
    receive_machine::enter(port, LACP_DISABLED, at(0ms));
    EXPECT_EQ(port.selected, Selected::UNSELECTED);
    EXPECT_EQ(to_octet(port.partner.state), 0x38);
    EXPECT_TRUE(port.is_individual());
    EXPECT_TRUE(port.actor.state.defaulted);
}

TEST(ReceiveMachine, DefaultedTakesPartnerAdminAndUnselectsIfThatIsSomebodyElse) {
    AggregationPort port = current_port();
    port.actor.state.expired = true;
    receive_machine::enter(port, DEFAULTED, at(0ms));
    EXPECT_EQ(port.partner, PortInformation{});
    EXPECT_EQ(port.selected, Selected::UNSELECTED);
    EXPECT_TRUE(port.actor.state.defaulted);
    EXPECT_FALSE(port.actor.state.expired);
    EXPECT_FALSE(port.current_while_timer.is_running());

    AggregationPort configured = current_port();
    configured.partner_admin = partner_info();
    receive_machine::enter(configured, DEFAULTED, at(0ms));
    EXPECT_EQ(configured.selected, Selected::SELECTED) << "the partner is the configured one";
}

TEST(ReceiveMachine, CurrentRecordsThePartnerAndRunsByTheOwnTimeout) {
    AggregationPort port = current_port();
    port.actor.state.defaulted = true;
    port.actor.state.expired = true;
    port.partner = {};
    const AggregationPort heard = after(matching_pdu(), port);
    EXPECT_EQ(heard.partner, partner_info());
    EXPECT_FALSE(heard.actor.state.defaulted);
    EXPECT_FALSE(heard.actor.state.expired);
    EXPECT_FALSE(heard.received);
    EXPECT_EQ(heard.current_while_timer.expiry(), at(90000ms));

    Lacpdu short_partner = matching_pdu();
    short_partner.actor.state.timeout = true;
    EXPECT_EQ(after(short_partner).current_while_timer.expiry(), at(90000ms))
        << "the partner's Timeout is not ours";

    port.actor.state.timeout = true;
    EXPECT_EQ(after(matching_pdu(), port).current_while_timer.expiry(), at(3000ms));
}

struct Change {
    const char *name;
    std::function<void(PortInformation &)> apply;
};
const std::vector<Change> kIdentityChanges = {
    {"system", [](PortInformation &i) { i.system.address[5] ^= 1; }},
    {"system priority", [](PortInformation &i) { i.system.priority ^= 1; }},
    {"key", [](PortInformation &i) { i.key ^= 1; }},
    {"port", [](PortInformation &i) { i.port.number ^= 1; }},
    {"port priority", [](PortInformation &i) { i.port.priority ^= 1; }},
    {"aggregation", [](PortInformation &i) { i.state.aggregation = !i.state.aggregation; }},
};

TEST(RecordPdu, IsInSyncOnlyWhenThePartnerMeansThisPort) {
    EXPECT_TRUE(after(matching_pdu()).partner.state.synchronization);
    for (const Change &change : kIdentityChanges) {
        Lacpdu pdu = matching_pdu();
        change.apply(pdu.partner);
        EXPECT_FALSE(after(pdu).partner.state.synchronization) << change.name;
    }
}

TEST(RecordPdu, NeedsThePartnersOwnSync) {
    Lacpdu pdu = matching_pdu();
    pdu.actor.state.synchronization = false;
    EXPECT_FALSE(after(pdu).partner.state.synchronization);
}

TEST(RecordPdu, AnIndividualPartnerNeedNotKnowUsButNeedsSync) {
    Lacpdu pdu = matching_pdu();
    pdu.actor.state.aggregation = false;
    pdu.partner = {};
    EXPECT_TRUE(after(pdu).partner.state.synchronization);
    pdu.actor.state.synchronization = false;
    EXPECT_FALSE(after(pdu).partner.state.synchronization);
}

TEST(RecordPdu, SomebodyMustKeepTheLinkActivelyMaintained) {
    const auto in_sync = [](bool ours, bool theirs, bool they_know_ours) {
        AggregationPort port = current_port();
        port.actor.state.activity = ours;
        Lacpdu pdu = matching_pdu();
        pdu.actor.state.activity = theirs;
        pdu.partner.state.activity = they_know_ours;
        return after(pdu, port).partner.state.synchronization;
    };
    EXPECT_TRUE(in_sync(true, true, true));
    EXPECT_TRUE(in_sync(true, false, true));
    EXPECT_TRUE(in_sync(false, true, false));
    EXPECT_FALSE(in_sync(true, false, false));
    EXPECT_FALSE(in_sync(false, false, true));
    EXPECT_FALSE(in_sync(false, false, false));
}

TEST(UpdateSelected, ComparesTheActorBlockWithWhatWasRecorded) {
    EXPECT_EQ(after(matching_pdu()).selected, Selected::SELECTED);
    for (const Change &change : kIdentityChanges) {
        Lacpdu pdu = matching_pdu();
        change.apply(pdu.actor);
        EXPECT_EQ(after(pdu).selected, Selected::UNSELECTED) << change.name;
    }
}

TEST(UpdateSelected, IgnoresMoodsOfTheStateOctet) {
    for (const unsigned bit : {0U, 1U, 3U, 4U, 5U, 6U, 7U}) {
        Lacpdu pdu = matching_pdu();
        pdu.actor.state =
            state_from_octet(static_cast<uint8_t>(to_octet(pdu.actor.state) ^ 1U << bit));
        EXPECT_EQ(after(pdu).selected, Selected::SELECTED) << bit;
    }
}

TEST(UpdateNtt, AnswersWhenThePartnersViewOfUsIsStale) {
    EXPECT_FALSE(after(matching_pdu()).ntt);
    for (const Change &change : kIdentityChanges) {
        Lacpdu pdu = matching_pdu();
        change.apply(pdu.partner);
        EXPECT_TRUE(after(pdu).ntt) << change.name;
    }
}

// Activity, Timeout, Aggregation, Synchronization are compared. Answering a difference in the other
// four bits makes two ends answer each other for ever.
TEST(UpdateNtt, ComparesFourBitsOfTheStateOnly) {
    for (unsigned bit = 0; bit < 8; ++bit) {
        Lacpdu pdu = matching_pdu();
        pdu.partner.state =
            state_from_octet(static_cast<uint8_t>(to_octet(pdu.partner.state) ^ 1U << bit));
        EXPECT_EQ(after(pdu).ntt, bit < 4) << bit;
    }
}

TEST(ReceiveMachine, LivesThroughExpiredAndDefaultedOnTime) {
    LoneSystem us;
    us.add(1);
    EXPECT_EQ(us.port(1).rx, EXPIRED);
    us.run(2999ms);
    EXPECT_EQ(us.port(1).rx, EXPIRED);
    us.run(1ms);
    EXPECT_EQ(us.port(1).rx, DEFAULTED);
    us.receive_reply(1);
    EXPECT_EQ(us.port(1).rx, CURRENT);
    us.run(89999ms);
    EXPECT_EQ(us.port(1).rx, CURRENT);
    us.run(1ms);
    EXPECT_EQ(us.port(1).rx, EXPIRED);
    us.run(3000ms);
    EXPECT_EQ(us.port(1).rx, DEFAULTED);
}

// Two threads, two paths: the frame may be delivered after the link is known to be down.
TEST(ReceiveMachine, IgnoresALacpduOnADisabledPort) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.link(1, false);
    us.receive_reply(1);
    EXPECT_EQ(us.port(1).rx, PORT_DISABLED);
    EXPECT_FALSE(us.port(1).partner.state.synchronization);
    us.link(1, true);
    EXPECT_EQ(us.port(1).rx, EXPIRED) << "the old frame must not count later";
}

TEST(ReceiveMachine, IgnoresALacpduWithoutLacp) {
    LoneSystem us;
    PortParameters parameters;
    parameters.lacp_enabled = false;
    us.add(1, parameters);
    us.receive_reply(1);
    us.run(200000ms);
    EXPECT_EQ(us.port(1).rx, LACP_DISABLED);
    EXPECT_TRUE(us.port(1).actor.state.defaulted);
    EXPECT_TRUE(us.recorder.lacpdus().empty());
}

// The partner obeys the new rate as soon as it is told, and may speak next in 30 s.
TEST(ReceiveMachine, ALongerTimeoutCountsForTheLacpduReceivedLast) {
    const PortParameters fast{.short_timeout = true};
    LoneSystem us;
    us.add(1, fast);
    us.bring_up(1);
    us.run(2000ms);
    us.recorder.actions.clear();
    us.step(PortParametersChanged{1, {}});
    us.run(29000ms);
    EXPECT_EQ(us.port(1).rx, CURRENT);
    EXPECT_TRUE(us.recorder.all<StateChanged>().empty());
    // Back and forth is no proof that the partner lives.
    us.step(PortParametersChanged{1, fast});
    us.step(PortParametersChanged{1, {}});
    us.run(58990ms);
    EXPECT_EQ(us.port(1).rx, CURRENT);
    us.run(10ms);
    EXPECT_EQ(us.port(1).rx, EXPIRED) << "90 s after the last word";
}

TEST(ReceiveMachine, ALongerTimeoutIsNoneForWhoeverIsAwaited) {
    LoneSystem us;
    us.add(1, {.short_timeout = true});
    us.step(PortParametersChanged{1, {}});
    us.run(2990ms);
    EXPECT_EQ(us.port(1).rx, EXPIRED);
    us.run(10ms);
    EXPECT_EQ(us.port(1).rx, DEFAULTED) << "an expired port always waits for 3 s";
}

TEST(ReceiveMachine, APartnerThatMovedIsForgottenOnTheOldPort) {
    LoneSystem us;
    us.add(1);
    us.add(2);
    us.bring_up(1);
    us.link(1, false);
    EXPECT_FALSE(us.port(1).actor.state.defaulted);
    Lacpdu moved = us.reply(2);
    moved.actor.port = us.reply(1).actor.port;
    us.receive(2, moved);
    EXPECT_TRUE(us.port(1).actor.state.defaulted);
    EXPECT_EQ(us.port(1).partner, PortInformation{});
    EXPECT_EQ(us.port(1).selected, Selected::UNSELECTED);
    EXPECT_EQ(us.port(1).rx, PORT_DISABLED);
}

TEST(ReceiveMachine, CountsWhatItDoesNotUnderstand) {
    LoneSystem us;
    us.add(1);
    Frame frame = encode(us.reply(1), kTheirPort);
    us.step(SlowFrameReceived{1, std::span(frame).first(123)});
    us.step(SlowFrameReceived{1, {}});
    frame[36] = 9;
    us.step(SlowFrameReceived{1, frame});
    frame[14] = 11;
    us.step(SlowFrameReceived{1, frame});
    frame[14] = 10;
    us.step(SlowFrameReceived{1, frame});
    EXPECT_EQ(us.port(1).counters.illegal_rx, 4U);
    EXPECT_EQ(us.port(1).counters.unknown_rx, 1U);
    EXPECT_EQ(us.port(1).counters.lacpdus_rx, 0U);
    EXPECT_EQ(us.port(1).rx, EXPIRED);
}

} // namespace
} // namespace lagg::lacp
