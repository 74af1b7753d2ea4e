// The checks of docs/conformance.md whose timers are long, on the pure core in simulated time. The
// suite `long` does the same over the wire.
#include "tests/lacp/lone_system.hh"

#include <random>

namespace lagg::lacp {
namespace {

constexpr milliseconds kStep = 10ms;

/// When LACPDUs left while `duration` went by, to the next 10 ms. `each_second` is done once in a
/// second.
template <class EachSecond>
std::vector<Time> sending_times(LoneSystem &lone, milliseconds duration, EachSecond each_second) {
    std::vector<Time> times;
    for (milliseconds gone{0}; gone < duration; gone += kStep) {
        if (gone % 1000ms == 0ms) each_second();
        lone.recorder.actions.clear();
        lone.run(kStep);
        if (!lone.recorder.lacpdus().empty()) times.push_back(lone.now);
    }
    return times;
}

Duration longest_gap(const std::vector<Time> &times) {
    Duration longest{};
    for (size_t i = 1; i < times.size(); ++i)
        longest = std::max(longest, times[i] - times[i - 1]);
    return longest;
}

/// A frame to the slow-protocols address whose rest is chance, or an LACPDU with some wrong octets.
std::vector<uint8_t> garbage(const Lacpdu &like, std::mt19937 &random) {
    const auto pick = [&random](size_t below) { return random() % below; };
    const Frame good = encode(like, kTheirPort);
    std::vector<uint8_t> frame(good.begin(), good.end());
    frame.resize(60 + pick(1455));
    if (pick(2) == 0) {
        for (size_t i = 15; i < frame.size(); ++i)
            frame[i] = static_cast<uint8_t>(random());
    }
    for (size_t i = 0; i < pick(5); ++i)
        frame[14 + pick(frame.size() - 14)] = static_cast<uint8_t>(random());
    return frame;
}

TEST(Conformance, Check17AMinuteOfGarbageLeavesTheOtherPortAlone) {
    std::mt19937 random(17);
    LoneSystem lone;
    lone.add(1);
    lone.add(2);
    lone.bring_up(2);
    std::vector<Time> sent;
    for (int i = 0; i < 60'000; ++i) {
        lone.step(SlowFrameReceived{1, garbage(lone.reply(1), random)});
        if (i % 1000 == 0) lone.receive_reply(2);
        lone.recorder.actions.clear();
        lone.run(1ms);
        ASSERT_TRUE(lone.port(2).distributing) << i;
        for (const SendFrame &frame : lone.recorder.all<SendFrame>())
            if (frame.port == 1 && classify(frame.frame) == SlowProtocol::LACP)
                sent.push_back(lone.now);
    }
    for (size_t i = kTransmitLimit; i < sent.size(); ++i)
        EXPECT_GE(sent[i] - sent[i - kTransmitLimit], kFastPeriodicTime - 1ms);
    EXPECT_GT(lone.port(1).counters.illegal_rx, 1000u);
}

TEST(Conformance, Check20ExpiresAfterNinetySeconds) {
    LoneSystem lone;
    lone.add(1);
    lone.bring_up(1);
    lone.run(89'990ms);
    EXPECT_EQ(lone.port(1).rx, RxState::CURRENT);
    EXPECT_TRUE(lone.port(1).distributing);
    lone.run(10ms);
    EXPECT_EQ(lone.port(1).rx, RxState::EXPIRED);
    EXPECT_TRUE(lone.recorder.lacpdus().back().actor.state.expired);
    EXPECT_FALSE(lone.port(1).distributing);
    lone.run(2'990ms);
    EXPECT_EQ(lone.port(1).rx, RxState::EXPIRED);
    lone.run(10ms);
    EXPECT_EQ(lone.port(1).rx, RxState::DEFAULTED);
    EXPECT_TRUE(lone.recorder.lacpdus().back().actor.state.defaulted);
}

TEST(Conformance, Check33EverySecondForTenMinutes) {
    LoneSystem lone;
    lone.add(1);
    lone.bring_up(1);
    const auto reply = [&lone] {
        Lacpdu pdu = lone.reply(1);
        pdu.actor.state.timeout = true;
        lone.receive(1, pdu);
    };
    sending_times(lone, 2000ms, reply);
    const std::vector<Time> times = sending_times(lone, 600'000ms, reply);
    EXPECT_EQ(times.size(), 600u);
    EXPECT_LE(longest_gap(times), 1010ms);
}

TEST(Conformance, Check34EveryThirtySeconds) {
    LoneSystem lone;
    lone.add(1);
    lone.bring_up(1);
    const auto reply = [&lone] { lone.receive_reply(1); };
    sending_times(lone, 2000ms, reply);
    const std::vector<Time> times = sending_times(lone, 600'000ms, reply);
    EXPECT_EQ(times.size(), 20u);
    EXPECT_LE(longest_gap(times), 30'010ms);
}

TEST(Conformance, Check37PassiveIsSilentForAnHour) {
    LoneSystem lone;
    lone.add(1, {.active = false});
    EXPECT_TRUE(sending_times(lone, 3'600'000ms, [] {}).empty());
}

} // namespace
} // namespace lagg::lacp
