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

TEST(TransmitMachine, ALeavingPortSaysGoodByeAndThenNothing) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    // Use the limit up: the farewell must not wait for it, because nothing will send it later.
    for (uint16_t i = 0; i < 5; ++i) {
        Lacpdu stale = us.reply(1);
        stale.partner.key = 99;
        us.receive(1, stale);
        us.receive_reply(1);
    }
    ASSERT_TRUE(us.port(1).distributing);
    us.recorder.actions.clear();
    us.step(PortLeaving{1});
    const auto pdus = us.recorder.lacpdus();
    ASSERT_EQ(pdus.size(), 1U);
    EXPECT_EQ(to_octet(pdus[0].actor.state), 0x05);
    EXPECT_EQ(pdus[0].partner.system, kTheirs);
    const auto memberships = us.recorder.all<PortMembership>();
    ASSERT_FALSE(memberships.empty());
    EXPECT_FALSE(memberships.back().collecting);
    EXPECT_FALSE(memberships.back().distributing);

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
