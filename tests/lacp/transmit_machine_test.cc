// The limit of three LACPDUs a second, and that the last state is told all the same.
#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

TEST(TransmitMachine, TheFirstLacpduSaysExpiredAndDefaulted) {
    LoneSystem us;
    us.add(1);
    ASSERT_EQ(us.recorder.lacpdus().size(), 1U);
    const Lacpdu pdu = us.recorder.lacpdus()[0];
    EXPECT_EQ(to_octet(pdu.actor.state), 0xc5);
    EXPECT_EQ(pdu.actor.system, kOurs);
    EXPECT_EQ(pdu.actor.port, (PortId{32768, 1}));
    EXPECT_EQ(pdu.actor.key, 1);

    PortParameters parameters;
    parameters.short_timeout = true;
    us.add(2, parameters);
    EXPECT_EQ(to_octet(us.recorder.lacpdus().back().actor.state), 0xc7);
}

TEST(TransmitMachine, EchoesThePartnerAtOnce) {
    LoneSystem us;
    us.add(1);
    us.run(5000ms);
    us.recorder.actions.clear();
    const Lacpdu pdu = us.reply(1);
    us.receive(1, pdu);
    ASSERT_EQ(us.recorder.lacpdus().size(), 1U);
    const Lacpdu answer = us.recorder.lacpdus()[0];
    EXPECT_EQ(answer.partner.system, pdu.actor.system);
    EXPECT_EQ(answer.partner.port, pdu.actor.port);
    EXPECT_EQ(answer.partner.key, pdu.actor.key);
    EXPECT_EQ(to_octet(answer.actor.state), 0x05);
}

// Twenty stale LACPDUs within a second: three answers, then one more with the last state as soon as
// the limit allows, and no window of a second ever holds four.
TEST(TransmitMachine, SendsThreeInASecondAndTheLastStateAfterwards) {
    LoneSystem us;
    us.add(1);
    us.run(1500ms);
    us.recorder.actions.clear();
    std::vector<Time> sent;
    const auto note = [&] {
        sent.insert(sent.end(), us.recorder.lacpdus().size() - sent.size(), us.now);
    };
    Lacpdu pdu = us.reply(1);
    for (uint16_t i = 0; i < 20; ++i) {
        pdu.actor.key = static_cast<Key>(100 + i);
        us.receive(1, pdu);
        note();
        us.now = us.now + 45ms;
    }
    EXPECT_EQ(sent.size(), 3U);
    const Time last_change = us.now;
    while (us.now < last_change + 1000ms) {
        us.run(1ms);
        note();
    }
    ASSERT_GE(sent.size(), 4U);
    EXPECT_EQ(us.recorder.lacpdus().back().partner.key, 119);
    for (size_t i = 3; i < sent.size(); ++i)
        EXPECT_GE(sent[i] - sent[i - 3], 1s);
}

TEST(TransmitMachine, DeadlineIsWhenTheLimitLetsTheNextOneOut) {
    LoneSystem us;
    us.add(1);
    us.run(5000ms);
    us.recorder.actions.clear();
    const Time start = us.now;
    Lacpdu pdu = us.reply(1);
    for (uint16_t i = 0; i < 5; ++i) {
        pdu.actor.key = static_cast<Key>(100 + i);
        us.receive(1, pdu);
    }
    const size_t before = us.recorder.lacpdus().size();
    ASSERT_EQ(us.system.next_deadline(), start + 1s);
    us.now = start + 1s;
    us.step(TimePassed{});
    EXPECT_EQ(us.recorder.lacpdus().size(), before + 1);
    EXPECT_EQ(us.recorder.lacpdus().back().partner.key, 104);
}

TEST(TransmitMachine, NoAnswerWhenOnlyTheOtherFourBitsDiffer) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.run(2000ms);
    us.recorder.actions.clear();
    for (unsigned bit = 4; bit < 8; ++bit) {
        Lacpdu pdu = us.reply(1);
        pdu.partner.state =
            state_from_octet(static_cast<uint8_t>(to_octet(pdu.partner.state) ^ 1U << bit));
        us.receive(1, pdu);
    }
    EXPECT_TRUE(us.recorder.lacpdus().empty());
}

TEST(TransmitMachine, NewParametersAreToldAtOnce) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.run(5000ms);
    us.recorder.actions.clear();
    SystemParameters parameters;
    parameters.system = kOurs;
    parameters.collector_max_delay = 77;
    us.step(SystemParametersChanged{parameters});
    ASSERT_EQ(us.recorder.lacpdus().size(), 1U);
    EXPECT_EQ(us.recorder.lacpdus()[0].collector_max_delay, 77);
    EXPECT_TRUE(us.port(1).distributing) << "the delay does not identify the port";

    PortParameters port;
    port.short_timeout = true;
    us.step(PortParametersChanged{1, port});
    ASSERT_EQ(us.recorder.lacpdus().size(), 2U);
    EXPECT_TRUE(us.recorder.lacpdus()[1].actor.state.timeout);
    EXPECT_TRUE(us.port(1).distributing);

    port.key = 5;
    us.step(PortParametersChanged{1, port});
    EXPECT_EQ(us.recorder.lacpdus().back().actor.key, 5);
    EXPECT_FALSE(us.port(1).distributing) << "the partner agreed to another key";
    EXPECT_EQ(us.port(1).mux, MuxState::WAITING);
}

TEST(TransmitMachine, ParametersOfSystemAndPortsThatChangeTogetherAreToldTogether) {
    LoneSystem us;
    for (const uint16_t port : {1, 2}) {
        us.add(port);
        us.link(port, true);
    }
    us.run(5000ms);
    us.recorder.actions.clear();
    SystemParameters system = us.system.snapshot().parameters;
    system.system.priority = 7;
    PortParameters port;
    port.key = 5;
    const std::array ports{PortParametersChanged{1, port}, PortParametersChanged{2, port}};
    us.step(SystemParametersChanged{system, ports});
    ASSERT_EQ(us.recorder.lacpdus().size(), 2U);
    for (const Lacpdu &told : us.recorder.lacpdus()) {
        EXPECT_EQ(told.actor.system.priority, 7);
        EXPECT_EQ(told.actor.key, 5) << "half of the change is no state that anybody asked for";
    }
}

// A farewell must not wait for the limit, because nothing will send it later.
void use_up_the_limit(LoneSystem &us) {
    for (uint16_t i = 0; i < 5; ++i) {
        Lacpdu stale = us.reply(1);
        stale.partner.key = 99;
        us.receive(1, stale);
        us.receive_reply(1);
    }
    ASSERT_TRUE(us.port(1).distributing);
}

// Traffic stops first, then one LACPDU takes Sync, Collecting and Distributing back.
void expect_farewell(const Recorder &recorder, uint8_t state) {
    const std::vector<Lacpdu> pdus = recorder.lacpdus();
    ASSERT_EQ(pdus.size(), 1U);
    EXPECT_EQ(to_octet(pdus[0].actor.state), state);
    size_t stopped = recorder.actions.size();
    size_t told = 0;
    for (size_t i = 0; i < recorder.actions.size(); ++i) {
        const auto *membership = std::get_if<PortMembership>(&recorder.actions[i]);
        if (membership != nullptr && !membership->collecting && !membership->distributing)
            stopped = i;
        if (std::holds_alternative<SendFrame>(recorder.actions[i])) told = i;
    }
    EXPECT_LT(stopped, told);
}

TEST(TransmitMachine, ALeavingPortSaysGoodByeAndThenNothing) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    use_up_the_limit(us);
    us.recorder.actions.clear();
    us.step(PortLeaving{1});
    expect_farewell(us.recorder, 0x05);
    EXPECT_EQ(us.recorder.lacpdus()[0].partner.system, kTheirs);

    us.recorder.actions.clear();
    us.receive_reply(1);
    us.run(200000ms);
    us.receive_reply(1);
    EXPECT_TRUE(us.recorder.lacpdus().empty());
    EXPECT_EQ(us.port(1).mux, MuxState::DETACHED);

    us.step(PortReturning{1});
    EXPECT_EQ(us.recorder.lacpdus().size(), 1U);
    us.bring_up(1);
    EXPECT_TRUE(us.port(1).distributing);
}

TEST(TransmitMachine, APortWhoseLacpIsDisabledSaysGoodByeAndThenNothing) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    use_up_the_limit(us);
    us.recorder.actions.clear();
    us.step(PortParametersChanged{1, {.lacp_enabled = false}});
    expect_farewell(us.recorder, 0x45); // Defaulted
    us.recorder.actions.clear();
    us.receive_reply(1);
    us.run(200000ms);
    EXPECT_TRUE(us.recorder.lacpdus().empty());
    EXPECT_FALSE(us.port(1).collecting);

    us.step(PortParametersChanged{1, {}});
    EXPECT_EQ(us.recorder.lacpdus().size(), 1U);
    us.bring_up(1);
    EXPECT_TRUE(us.port(1).distributing);
}

// Neither end would speak again, so neither would notice that the other is gone.
TEST(TransmitMachine, APortThatTurnsPassiveOppositeAPassivePartnerSaysGoodBye) {
    LoneSystem us;
    us.add(1);
    Lacpdu passive = us.reply(1);
    passive.actor.state.activity = false;
    us.receive(1, passive);
    us.run(2000ms);
    passive.partner = us.port(1).actor;
    us.receive(1, passive);
    ASSERT_TRUE(us.port(1).distributing);
    us.run(5000ms);
    us.recorder.actions.clear();
    us.step(PortParametersChanged{1, {.active = false}});
    expect_farewell(us.recorder, 0x04);
    us.recorder.actions.clear();
    us.run(200000ms);
    EXPECT_TRUE(us.recorder.lacpdus().empty());
    EXPECT_FALSE(us.port(1).collecting);
}

TEST(TransmitMachine, AFarewellBeyondTheLimitTakesSomethingBack) {
    LoneSystem us;
    us.add(1);
    us.receive_reply(1);
    for (uint16_t i = 0; i < 5; ++i) { // out of sync all the while
        Lacpdu stale = us.reply(1);
        stale.partner.key = 99;
        us.receive(1, stale);
    }
    us.recorder.actions.clear();
    us.step(PortLeaving{1});
    EXPECT_TRUE(us.recorder.lacpdus().empty());
}

TEST(TransmitMachine, ParametersThatSayTheSameCostNothing) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.run(5000ms);
    us.recorder.actions.clear();
    us.step(PortParametersChanged{1, {}});
    us.step(SystemParametersChanged{us.system.snapshot().parameters});
    EXPECT_TRUE(us.recorder.actions.empty());
}

TEST(TransmitMachine, NothingIsSaidGoodByeToWhereNobodyListens) {
    LoneSystem us;
    us.add(1);
    us.link(1, false);
    PortParameters passive;
    passive.active = false;
    us.add(2, passive);
    us.recorder.actions.clear();
    us.step(PortLeaving{1});
    us.step(PortLeaving{2});
    EXPECT_TRUE(us.recorder.lacpdus().empty());
}

} // namespace
} // namespace lagg::lacp
