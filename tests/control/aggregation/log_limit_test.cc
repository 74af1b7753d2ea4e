// What a port may write into the log, and that nothing is left out without a word.
#include "control/aggregation/log_limit.hh"
#include "lacp/lacpdu.hh"
#include "tests/control/aggregation/driven.hh"
#include "tests/control/aggregation/log_of_test.hh"

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;

/// A LACPDU of a partner that is in sync.
lacp::Frame lacpdu_of(uint8_t system, const lacp::PortInformation &known) {
    lacp::Lacpdu pdu;
    pdu.actor.system = {1, {2, 0, 0, 0, 7, system}};
    pdu.actor.key = 1;
    pdu.actor.port = {1, 1};
    pdu.actor.state.activity = true;
    pdu.actor.state.aggregation = true;
    pdu.actor.state.synchronization = true;
    pdu.partner = known;
    return lacp::encode(pdu, {2, 0, 0, 0, 7, system});
}

} // namespace

TEST(LogLimit, CountsWhatItDoesNotLetThrough) {
    LogLimit limit;
    const lacp::Time begin{100s};
    for (unsigned i = 0; i < LogLimit::kLines; ++i)
        EXPECT_TRUE(limit.allows(begin));
    EXPECT_FALSE(limit.deadline());
    EXPECT_FALSE(limit.allows(begin + 1s));
    EXPECT_FALSE(limit.allows(begin + 9s));
    EXPECT_EQ(limit.deadline(), begin + LogLimit::kPeriod);
    EXPECT_EQ(limit.take_left_out(begin + 9s), 0u);
    EXPECT_EQ(limit.take_left_out(begin + LogLimit::kPeriod), 2u);
    EXPECT_EQ(limit.take_left_out(begin + LogLimit::kPeriod), 0u);
    EXPECT_FALSE(limit.deadline());
    EXPECT_TRUE(limit.allows(begin + LogLimit::kPeriod));
}

TEST(LogLimit, APartnerThatChangesWithEveryLacpduDoesNotFillTheLog) {
    const Log log;
    Driven driven(lagg(Protocol::LACP, {"p0", "p1"}));
    driven.start();
    for (int i = 0; i < 16000; ++i) {
        driven.now = driven.now + 1ms;
        const lacp::PortInformation known = driven.aggregate.lacp()->snapshot().ports[0].actor;
        driven.aggregate.slow_frame(device_of("p0"), lacpdu_of(i % 2 == 0 ? 1 : 2, known),
                                    driven.now);
        driven.aggregate.time_passed(driven.now);
    }
    // Two periods of this port, of the other one and of what is about both, and what was left out.
    EXPECT_LE(log.lines().size(), 2 * 3 * (LogLimit::kLines + 1));
    const PortHistory &history = driven.aggregate.member_named("p0")->history;
    const lacp::Time last = history.transitions().at(history.transitions().size() - 1).at;
    EXPECT_GE(last + 10ms, driven.now) << "the history goes on";

    const uint64_t said = log.left_out();
    ASSERT_TRUE(driven.aggregate.next_deadline());
    const lacp::Time quiet = driven.now + LogLimit::kPeriod;
    while (driven.aggregate.next_deadline() && *driven.aggregate.next_deadline() <= quiet) {
        driven.now = std::max(driven.now, *driven.aggregate.next_deadline());
        driven.aggregate.time_passed(driven.now);
    }
    EXPECT_GT(log.left_out(), said) << "what was left out at last is told without another line";
    EXPECT_GT(log.left_out(), 16000u);
}

TEST(LogLimit, ALinkThatFlapsDoesNotFillTheLog) {
    const Log log;
    Driven driven(lagg(Protocol::LOADBALANCE, {"p0", "p1"}));
    driven.start();
    const size_t before = log.lines().size();
    for (int i = 0; i < 1000; ++i)
        driven.set_link("p0", i % 2 != 0);
    EXPECT_LE(log.lines().size() - before, LogLimit::kLines);
    driven.set_link("p1", false);
    EXPECT_NE(log.lines().back().find("p1"), std::string::npos) << "another port has its own";
    ASSERT_TRUE(driven.aggregate.next_deadline());
    driven.now = *driven.aggregate.next_deadline();
    driven.aggregate.time_passed(driven.now);
    EXPECT_EQ(log.lines().size() - 1 + log.left_out(), before + 2000 + 2);
}

} // namespace lagg::aggregation
