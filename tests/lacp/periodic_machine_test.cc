// Every arrow of the Periodic Transmission machine, and the rates on the wire.
#include "lacp/periodic_machine.hh"

#include "tests/lacp/lone_system.hh"

namespace lagg::lacp {
namespace {

using enum PeriodicState;

struct PeriodicArrow {
    const char *name;
    PeriodicState from;
    bool enabled, lacp, ours_active, partner_active, partner_short, expired;
    std::optional<PeriodicState> to;
};

TEST(PeriodicMachine, HasTheArrowsOfTheFigure) {
    const std::vector<PeriodicArrow> cases = {
        {"active", NO_PERIODIC, true, true, true, false, false, false, FAST_PERIODIC},
        {"partner is active", NO_PERIODIC, true, true, false, true, false, false, FAST_PERIODIC},
        {"both passive", NO_PERIODIC, true, true, false, false, false, false, {}},
        {"link down", NO_PERIODIC, false, true, true, true, false, false, {}},
        {"no LACP", NO_PERIODIC, true, false, true, true, false, false, {}},
        {"waits", FAST_PERIODIC, true, true, true, true, true, false, {}},
        {"timer", FAST_PERIODIC, true, true, true, true, true, true, PERIODIC_TX},
        {"long", FAST_PERIODIC, true, true, true, true, false, false, SLOW_PERIODIC},
        {"link down", FAST_PERIODIC, false, true, true, true, true, true, NO_PERIODIC},
        {"both passive", FAST_PERIODIC, true, true, false, false, true, true, NO_PERIODIC},
        {"waits", SLOW_PERIODIC, true, true, true, true, false, false, {}},
        {"timer", SLOW_PERIODIC, true, true, true, true, false, true, PERIODIC_TX},
        {"short", SLOW_PERIODIC, true, true, true, true, true, false, PERIODIC_TX},
        {"no LACP", SLOW_PERIODIC, true, false, true, true, true, true, NO_PERIODIC},
        {"short", PERIODIC_TX, true, true, true, true, true, false, FAST_PERIODIC},
        {"long", PERIODIC_TX, true, true, true, true, false, false, SLOW_PERIODIC},
    };
    for (const PeriodicArrow &c : cases) {
        AggregationPort port;
        port.periodic = c.from;
        port.port_enabled = c.enabled;
        port.parameters.lacp_enabled = c.lacp;
        port.actor.state.activity = c.ours_active;
        port.partner.state.activity = c.partner_active;
        port.partner.state.timeout = c.partner_short;
        port.periodic_timer.start(at(0ms), c.expired ? 1s : 100s);
        const auto arrow = periodic_machine::next(port, at(1000ms));
        EXPECT_EQ(arrow.has_value(), c.to.has_value()) << int(c.from) << ' ' << c.name;
        if (arrow && c.to) {
            EXPECT_EQ(arrow->to, *c.to) << int(c.from) << ' ' << c.name;
        }
    }
}

TEST(PeriodicMachine, BoxesStartTheirTimers) {
    AggregationPort port;
    periodic_machine::enter(port, FAST_PERIODIC, at(0ms));
    EXPECT_EQ(port.periodic_timer.expiry(), at(1000ms));
    periodic_machine::enter(port, SLOW_PERIODIC, at(0ms));
    EXPECT_EQ(port.periodic_timer.expiry(), at(30000ms));
    EXPECT_FALSE(port.ntt);
    periodic_machine::enter(port, PERIODIC_TX, at(0ms));
    EXPECT_FALSE(port.periodic_timer.is_running());
    EXPECT_TRUE(port.ntt);
    periodic_machine::enter(port, FAST_PERIODIC, at(0ms));
    periodic_machine::enter(port, NO_PERIODIC, at(0ms));
    EXPECT_FALSE(port.periodic_timer.is_running());
}

/// LACPDUs sent in ten minutes to a partner that keeps answering.
size_t sent_in_ten_minutes(bool ours_short, bool partner_short) {
    LoneSystem us;
    PortParameters parameters;
    parameters.short_timeout = ours_short;
    us.add(1, parameters);
    us.bring_up(1);
    const auto run_seconds = [&](int seconds) {
        for (int i = 0; i < seconds; i += 2) {
            Lacpdu pdu = us.reply(1);
            pdu.actor.state.timeout = partner_short;
            us.receive(1, pdu);
            us.run(2000ms);
        }
    };
    run_seconds(60);
    us.recorder.actions.clear();
    run_seconds(600);
    return us.recorder.lacpdus().size();
}

TEST(PeriodicMachine, FollowsThePartnersTimeoutNeverTheOwn) {
    for (const bool ours_short : {false, true}) {
        const size_t fast = sent_in_ten_minutes(ours_short, true);
        EXPECT_GE(fast, 599U);
        EXPECT_LE(fast, 601U);
        const size_t slow = sent_in_ten_minutes(ours_short, false);
        EXPECT_GE(slow, 19U);
        EXPECT_LE(slow, 21U);
    }
}

TEST(PeriodicMachine, SpeaksAtOnceWhenThePartnerAsksForTheShortTimeout) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    us.run(5000ms);
    us.recorder.actions.clear();
    Lacpdu pdu = us.reply(1);
    pdu.actor.state.timeout = true;
    us.receive(1, pdu);
    EXPECT_EQ(us.recorder.lacpdus().size(), 1U);
    us.run(5000ms);
    us.recorder.actions.clear();
    pdu.actor.state.timeout = false;
    us.receive(1, pdu);
    us.run(900ms);
    EXPECT_TRUE(us.recorder.lacpdus().empty()) << "short to long sends nothing extra";
}

TEST(PeriodicMachine, PassiveIsSilentUntilAnActivePartnerSpeaks) {
    LoneSystem us;
    PortParameters parameters;
    parameters.active = false;
    us.add(1, parameters);
    us.run(100000ms);
    EXPECT_TRUE(us.recorder.lacpdus().empty());

    Lacpdu passive = us.reply(1);
    passive.actor.state.activity = false;
    passive.partner = {};
    us.receive(1, passive);
    us.run(100000ms);
    EXPECT_TRUE(us.recorder.lacpdus().empty()) << "a passive partner gets no answer";

    us.receive_reply(1);
    EXPECT_FALSE(us.recorder.lacpdus().empty());
}

// A stalled caller must not make up for a minute of missed LACPDUs at once.
TEST(PeriodicMachine, ALateCallerSendsOnce) {
    LoneSystem us;
    us.add(1);
    us.bring_up(1);
    Lacpdu pdu = us.reply(1);
    pdu.actor.state.timeout = true;
    us.receive(1, pdu);
    us.run(5000ms);
    us.recorder.actions.clear();
    us.now = us.now + 60s;
    us.step(TimePassed{});
    EXPECT_EQ(us.recorder.lacpdus().size(), 1U);
}

} // namespace
} // namespace lagg::lacp
