// The fate of numbered frames: a mistake here would let a benchmark promise a failover that
// nobody had.
#include "bench/failover/numbered.hh"
#include "bench/failover/record.hh"

#include <gtest/gtest.h>

#include <vector>

namespace lagg::bench {
namespace {

constexpr Nanoseconds kMs = 1'000'000;
constexpr Nanoseconds kEvent = 1000 * kMs;

/// Two flows, a frame of each a millisecond, of which flow 0 uses port 0 and flow 1 port 1, as long
/// as nothing else is said. A frame is on the way for a tenth of a millisecond.
class RecordTest : public testing::Test {
  protected:
    static constexpr Nanoseconds kOnTheWay = kMs / 10;

    uint64_t send(unsigned flow, Nanoseconds at) { return record_.sent(flow, at); }
    void pass(unsigned flow, Nanoseconds at, uint8_t port) {
        record_.came(send(flow, at), at + kOnTheWay, port);
    }
    void pass_both(Nanoseconds from, Nanoseconds to) {
        for (Nanoseconds at = from; at < to; at += kMs) {
            pass(0, at, 0);
            pass(1, at, 1);
        }
    }
    /// Port 0 dies at kEvent, and its flow passes by port 1 from `moved` on.
    void fail_over(Nanoseconds moved, Nanoseconds end) {
        pass_both(kEvent - 10 * kMs, kEvent);
        for (Nanoseconds at = kEvent; at < end; at += kMs) {
            if (at < moved)
                send(0, at);
            else
                pass(0, at, 1);
            pass(1, at, 1);
        }
    }

    Record record_{2};
};

TEST_F(RecordTest, NothingHappensWithoutAnEvent) {
    pass_both(kEvent - 10 * kMs, kEvent + 10 * kMs);
    const Outcome outcome = record_.outcome({.at = kEvent});
    EXPECT_EQ(outcome.sent, 40u);
    EXPECT_EQ(
        outcome.lost + outcome.lost_after + outcome.doubled + outcome.reordered + outcome.late, 0u);
    EXPECT_EQ(outcome.dead, 0u);
    EXPECT_FALSE(outcome.moved);
}

TEST_F(RecordTest, FramesAreLostUntilTheFlowMoves) {
    fail_over(kEvent + 5 * kMs, kEvent + 20 * kMs);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0});
    EXPECT_EQ(outcome.lost, 5u);
    EXPECT_EQ(outcome.dead, 4 * kMs); // the last one that was lost
    EXPECT_EQ(outcome.moved, 5 * kMs + kOnTheWay);
}

TEST_F(RecordTest, FlowsOfOtherPortsDoNotCountAsMoved) {
    fail_over(kEvent + 5 * kMs, kEvent + 5 * kMs); // its flow is never seen again
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0});
    EXPECT_EQ(outcome.lost, 5u);
    EXPECT_FALSE(outcome.moved);
}

TEST_F(RecordTest, WithoutPortsLostFramesTellTheFlow) {
    pass_both(kEvent - 5 * kMs, kEvent);
    for (Nanoseconds at = kEvent; at < kEvent + 20 * kMs; at += kMs) {
        const uint64_t number = send(0, at);
        if (at >= kEvent + 7 * kMs) record_.came(number, at + kOnTheWay);
        pass(1, at, kSomePort);
    }
    const Outcome outcome = record_.outcome({.at = kEvent});
    EXPECT_EQ(outcome.dead, 6 * kMs);
    EXPECT_EQ(outcome.moved, 7 * kMs + kOnTheWay);
}

TEST_F(RecordTest, FramesThatTheDeadPortSwallowedTellWhenItWasGivenThem) {
    pass_both(kEvent - 5 * kMs, kEvent);
    record_.swallowed(send(0, kEvent), kEvent + 3 * kMs);
    pass(0, kEvent + 4 * kMs, 1);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0});
    EXPECT_EQ(outcome.lost, 1u);
    EXPECT_EQ(outcome.dead, 3 * kMs);
}

TEST_F(RecordTest, AFrameThatComesOutWhenTheCableIsBackIsLate) {
    const Nanoseconds back = kEvent + 30 * kMs;
    pass_both(kEvent - 5 * kMs, kEvent);
    const uint64_t kept = send(0, kEvent + kMs);
    const uint64_t kept_a_moment = send(0, back - 4 * kMs);
    pass(0, kEvent + 5 * kMs, 1);
    record_.came(kept, back + kMs, 0);
    record_.came(kept_a_moment, back + kMs, 0);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0, .back = back});
    EXPECT_EQ(outcome.late, 1u);
    EXPECT_EQ(outcome.stale, 1u);
    EXPECT_EQ(outcome.lost, 0u);
    // It was given to the dead port, and nobody had it before the cable was back.
    EXPECT_GE(outcome.dead, kMs);
}

TEST_F(RecordTest, ALateFrameByAnotherPortDidNotStandInTheDeadOne) {
    const Nanoseconds back = kEvent + 30 * kMs;
    pass_both(kEvent - 5 * kMs, kEvent);
    record_.came(send(0, kEvent + kMs), back + kMs, 1);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0, .back = back});
    EXPECT_EQ(outcome.late, 1u);
    EXPECT_EQ(outcome.stale, 0u);
}

// A frame that comes by the port that is back, but was sent when its flow used another one, waited
// for a worker.
TEST_F(RecordTest, AFrameSentAfterItsFlowMovedDidNotStandInTheDeadPort) {
    const Nanoseconds back = kEvent + 50 * kMs;
    pass_both(kEvent - 5 * kMs, kEvent);
    const uint64_t kept = send(0, kEvent + kMs);
    pass(0, kEvent + 5 * kMs, 1);
    record_.came(send(0, back - 15 * kMs), back + kMs, 0);
    EXPECT_EQ(record_.outcome({.at = kEvent, .dead = 0, .back = back}).stale, 0u);
    record_.came(kept, back + kMs, 0);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0, .back = back});
    EXPECT_EQ(outcome.late, 2u);
    EXPECT_EQ(outcome.stale, 1u);
}

TEST_F(RecordTest, AFrameThatWasOnlySlowIsNotLate) {
    const Nanoseconds back = kEvent + 50 * kMs;
    record_.came(send(0, kEvent), kEvent + 40 * kMs, 1);
    EXPECT_EQ(record_.outcome({.at = kEvent, .back = back}).late, 0u);
}

// A port that is drained goes on carrying frames for a while.
TEST_F(RecordTest, AFrameByTheOldPortHasNotMoved) {
    pass_both(kEvent - 5 * kMs, kEvent + 3 * kMs);
    pass(0, kEvent + 3 * kMs, 1);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0});
    EXPECT_EQ(outcome.lost, 0u);
    EXPECT_EQ(outcome.dead, 2 * kMs + kOnTheWay);
    EXPECT_EQ(outcome.moved, 3 * kMs + kOnTheWay);
}

// Frames that were on their way in the moment of the pull may come by either port.
TEST_F(RecordTest, APortIsOfAFlowByWhatCameBeforeTheEvent) {
    pass_both(kEvent - 5 * kMs, kEvent);
    record_.came(send(0, kEvent - kMs / 2), kEvent + kMs, 1);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0});
    EXPECT_EQ(outcome.moved, kMs);
}

// A worker that is held up when the cable comes back sends its frames late, which had moved before.
TEST_F(RecordTest, AFlowThatMovedHasMovedWhateverComesAfter) {
    const Nanoseconds back = kEvent + 30 * kMs;
    fail_over(kEvent + 2 * kMs, back - 15 * kMs);
    record_.came(send(0, back - 15 * kMs), back + kMs, 0);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0, .back = back});
    EXPECT_EQ(outcome.late, 1u);
    EXPECT_EQ(outcome.moved, 2 * kMs + kOnTheWay);
}

TEST_F(RecordTest, LossAtTheReturnOfTheCableIsCountedApart) {
    const Nanoseconds back = kEvent + 20 * kMs;
    fail_over(kEvent + kMs, back);
    send(0, back + kMs);
    pass(0, back + 2 * kMs, 0);
    const Outcome outcome = record_.outcome({.at = kEvent, .dead = 0, .back = back});
    EXPECT_EQ(outcome.lost, 1u);
    EXPECT_EQ(outcome.lost_after, 1u);
    EXPECT_EQ(outcome.dead, 0u); // the frame that was lost left in the moment of the pull
}

TEST_F(RecordTest, FramesAreCountedThatCameTwiceOrBehindALaterOne) {
    const uint64_t first = send(0, kEvent), second = send(0, kEvent + kMs);
    const uint64_t other = send(1, kEvent);
    record_.came(second, kEvent + 2 * kMs);
    record_.came(first, kEvent + 3 * kMs);
    record_.came(first, kEvent + 4 * kMs);
    record_.came(other, kEvent + 5 * kMs); // of another flow: in order
    const Outcome outcome = record_.outcome({.at = kEvent});
    EXPECT_EQ(outcome.reordered, 1u);
    EXPECT_EQ(outcome.doubled, 1u);
}

TEST_F(RecordTest, FramesOnTheirWayAreNotJudged) {
    pass_both(kEvent, kEvent + 5 * kMs);
    send(0, kEvent + 5 * kMs);
    EXPECT_EQ(record_.outcome({.at = kEvent}).lost, 1u);
    EXPECT_EQ(record_.outcome({.at = kEvent, .until = kEvent + 5 * kMs}).lost, 0u);
}

TEST_F(RecordTest, AWindowForgetsTheOneBefore) {
    const uint64_t before = send(0, kEvent);
    record_.begin();
    record_.came(before, kEvent + kMs);
    EXPECT_EQ(record_.outcome({.at = kEvent}).sent, 0u);
    EXPECT_EQ(send(0, kEvent + kMs), before + 1);
}

TEST_F(RecordTest, EveryFlowHasToBeSeenAfterTheMoment) {
    pass_both(kEvent, kEvent + 2 * kMs);
    EXPECT_TRUE(record_.every_flow_came(kEvent));
    EXPECT_FALSE(record_.every_flow_came(kEvent + kMs));
    pass(0, kEvent + 2 * kMs, 0);
    EXPECT_FALSE(record_.every_flow_came(kEvent + kMs));
    pass(1, kEvent + 2 * kMs, 1);
    EXPECT_TRUE(record_.every_flow_came(kEvent + kMs));
}

TEST_F(RecordTest, PortsAreKnownByWhatCame) {
    pass(1, kEvent, 1);
    EXPECT_EQ(record_.last_port(), 1);
    EXPECT_TRUE(record_.came_by(1, kEvent));
    EXPECT_FALSE(record_.came_by(1, kEvent + kMs));
    EXPECT_FALSE(record_.came_by(0, kEvent));
}

TEST(NumberedFrames, HaveTheNumberTheyWereGiven) {
    NumberedFrames frames(4, 1);
    const std::span<const uint8_t> frame = frames.frame(2, 0x123456789a);
    EXPECT_EQ(number_of(frame, 1), 0x123456789au);
    EXPECT_FALSE(number_of(frame, 0)) << "it is a frame of the other direction";
    EXPECT_FALSE(number_of(frame.first(48), 1)) << "it is too short for a number";
    const std::vector<Frame> others = make_frames(1);
    EXPECT_FALSE(number_of(others.front(), 0)) << "it is nobody's numbered frame";
}

TEST(NumberedFrames, DifferInFlowAndNumberAlone) {
    NumberedFrames frames(4, 0);
    const std::span<const uint8_t> first = frames.frame(1, 7);
    const std::vector<uint8_t> copy(first.begin(), first.end());
    EXPECT_TRUE(std::equal(copy.begin(), copy.end(), frames.frame(1, 7).begin()));
    EXPECT_FALSE(std::equal(copy.begin(), copy.end(), frames.frame(1, 8).begin()));
    EXPECT_FALSE(std::equal(copy.begin(), copy.end(), frames.frame(2, 7).begin()));
}

} // namespace
} // namespace lagg::bench
