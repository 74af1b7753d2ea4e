// The Churn Detection machines: the figure, and what counts as churn in a lagg.
#include "lacp/churn_machine.hh"

#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

using enum ChurnState;
using churn_machine::Inputs;

constexpr Inputs kHeld{true, false};
constexpr Inputs kOutOfSync{false, false};
constexpr Inputs kInSync{false, true};

std::optional<ChurnState> next_of(ChurnState from, Inputs inputs, bool expired,
                                  bool running = true) {
    Churn churn;
    churn.state = from;
    if (running) churn.timer.start(at(0ms), expired ? 1s : 100s);
    const auto arrow = churn_machine::next(churn, inputs, at(1000ms));
    if (!arrow) return {};
    return arrow->to;
}

TEST(ChurnMachine, HasTheArrowsOfTheFigure) {
    EXPECT_EQ(next_of(MONITOR, kOutOfSync, false), std::nullopt);
    EXPECT_EQ(next_of(MONITOR, kOutOfSync, true), CHURN);
    EXPECT_EQ(next_of(MONITOR, kInSync, false), NO_CHURN);
    EXPECT_EQ(next_of(MONITOR, kInSync, true), NO_CHURN);
    EXPECT_EQ(next_of(NO_CHURN, kInSync, false, false), std::nullopt);
    EXPECT_EQ(next_of(NO_CHURN, kOutOfSync, false, false), MONITOR);
    EXPECT_EQ(next_of(CHURN, kOutOfSync, false, false), std::nullopt);
    EXPECT_EQ(next_of(CHURN, kInSync, false, false), NO_CHURN);
    for (const ChurnState state : {MONITOR, NO_CHURN, CHURN}) {
        EXPECT_EQ(next_of(state, kHeld, true), MONITOR);
    }
    EXPECT_EQ(next_of(MONITOR, kHeld, false, false), std::nullopt);
    EXPECT_EQ(next_of(MONITOR, kOutOfSync, false, false), MONITOR) << "starts the timer";
}

TEST(ChurnMachine, BoxesRunTheTimerAndCount) {
    Churn churn;
    churn_machine::enter(churn, MONITOR, kOutOfSync, at(0ms));
    EXPECT_EQ(churn.timer.expiry(), at(60000ms));
    churn_machine::enter(churn, CHURN, kOutOfSync, at(0ms));
    EXPECT_EQ(churn.count, 1U);
    EXPECT_FALSE(churn.timer.is_running());
    churn_machine::enter(churn, MONITOR, kHeld, at(0ms));
    EXPECT_FALSE(churn.timer.is_running());
    EXPECT_EQ(churn.count, 1U);
}

TEST(ChurnMachine, APartnerThatNeverGetsInSyncChurnsAfterAMinute) {
    LoneSystem us;
    us.add(1);
    Lacpdu pdu = us.reply(1);
    pdu.actor.state = state_from_octet(0x05);
    us.receive(1, pdu);
    us.run(59000ms);
    EXPECT_EQ(us.port(1).partner_churn, MONITOR);
    us.run(1000ms);
    EXPECT_EQ(us.port(1).partner_churn, CHURN);
    EXPECT_EQ(us.port(1).partner_churn_count, 1U);
    EXPECT_EQ(us.port(1).actor_churn, NO_CHURN);
    us.receive_reply(1);
    EXPECT_EQ(us.port(1).partner_churn, NO_CHURN);
    EXPECT_EQ(us.port(1).partner_churn_count, 1U);
}

TEST(ChurnMachine, IsHeldWithoutLink) {
    LoneSystem us;
    us.step(PortAdded{1, {}, {}});
    us.run(120000ms);
    EXPECT_EQ(us.port(1).partner_churn, MONITOR);
    EXPECT_EQ(us.system.next_deadline(), std::nullopt) << "nothing to wait for without a link";
}

// Out of sync by intention is no fault; a looped cable is.
TEST(ChurnMachine, StandbyIsNoActorChurnButALoopIs) {
    SystemParameters parameters;
    parameters.max_links = 1;
    LoneSystem us(parameters);
    us.add(1);
    us.add(2);
    us.bring_up(1);
    us.bring_up(2);
    us.add(3);
    for (int i = 0; i < 40; ++i) {
        us.receive_reply(1);
        us.receive_reply(2);
        us.receive(3, us.reply(3, kOurs));
        us.run(2000ms);
    }
    EXPECT_EQ(us.port(1).actor_churn, NO_CHURN);
    EXPECT_EQ(us.port(2).selected, Selected::STANDBY);
    EXPECT_EQ(us.port(2).actor_churn, MONITOR);
    EXPECT_EQ(us.port(2).actor_churn_count, 0U);
    EXPECT_EQ(us.port(3).actor_churn, CHURN);
}

} // namespace
} // namespace lagg::lacp
