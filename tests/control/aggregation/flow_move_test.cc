// Moving flows between live members: who is held, who is asked, and when they go.
#include "control/aggregation/flow_move.hh"

#include "tests/control/aggregation/pair.hh"

namespace lagg::aggregation {
namespace {

using namespace std::chrono_literals;
using distribute::BucketTable;
using distribute::kBuckets;
using distribute::kHeldMember;
using distribute::kNoMember;

constexpr lacp::Time at(std::chrono::milliseconds time) {
    return {time};
}

BucketTable all(uint8_t member) {
    BucketTable table;
    table.member.fill(member);
    return table;
}

/// The first half of the buckets to `first`, the others to `second`.
BucketTable halves(uint8_t first, uint8_t second) {
    BucketTable table = all(first);
    std::fill(table.member.begin() + kBuckets / 2, table.member.end(), second);
    return table;
}

FlowMove::Members members(std::initializer_list<uint8_t> list) {
    FlowMove::Members set;
    for (const uint8_t m : list)
        set.set(m);
    return set;
}

/// Everything on member 0, and the second half on its way to member 1.
struct Moving {
    FlowMove move;
    Moving() {
        move.retarget(all(0), members({0}));
        move.retarget(halves(0, 1), members({0, 1}));
    }
    void ask(uint32_t transaction = 7) {
        EXPECT_EQ(move.holds_in_force(), std::vector<uint8_t>({0}));
        move.asked(0, transaction);
        move.wait_until(at(200ms));
    }
};

TEST(FlowMove, TheFirstTargetIsInForceAtOnce) {
    FlowMove move;
    move.retarget(all(3), members({3}));
    EXPECT_EQ(move.table(), all(3));
    EXPECT_FALSE(move.is_holding());
}

/// Halves on members 0 and 1, all of it held.
struct AllHeld {
    FlowMove move;
    AllHeld() {
        move.retarget(halves(0, 1), members({0, 1, 2}));
        move.hold_all(members({0, 1, 2}));
    }
    /// Member 2 has no bucket, and may have sent by a rule.
    void ask() {
        EXPECT_EQ(move.holds_in_force(), std::vector<uint8_t>({0, 1, 2}));
        for (uint8_t m = 0; m < 3; ++m)
            move.asked(m, m);
        move.wait_until(at(200ms));
    }
};

TEST(FlowMove, HoldsAllUntilTheLastMemberHasAnswered) {
    AllHeld held;
    EXPECT_EQ(held.move.table(), all(kHeldMember));
    EXPECT_TRUE(held.move.wants_grace());
    EXPECT_FALSE(held.move.is_free_of(2));
    held.ask();
    EXPECT_FALSE(held.move.answered(0, 0));
    EXPECT_FALSE(held.move.answered(2, 2));
    EXPECT_EQ(held.move.table(), all(kHeldMember)) << "whose flows these are is not known";
    EXPECT_TRUE(held.move.answered(1, 1));
    EXPECT_EQ(held.move.table(), halves(0, 1));
    EXPECT_FALSE(held.move.is_holding());
    EXPECT_TRUE(held.move.is_free_of(2));
}

TEST(FlowMove, HoldsAllNoLongerThanTheDeadline) {
    AllHeld held;
    held.ask();
    EXPECT_FALSE(held.move.time_passed(at(199ms)));
    EXPECT_TRUE(held.move.time_passed(at(200ms)));
    EXPECT_EQ(held.move.table(), halves(0, 1));
    EXPECT_EQ(held.move.silent(), members({0, 1, 2}));
}

TEST(FlowMove, AMemberThatDiesWhileAllIsHeldIsNotWaitedFor) {
    AllHeld held;
    held.ask();
    held.move.answered(0, 0);
    held.move.answered(2, 2);
    held.move.retarget(all(0), members({0, 2}));
    EXPECT_EQ(held.move.table(), all(0));
    EXPECT_FALSE(held.move.is_holding());
}

TEST(FlowMove, AMemberThatComesWhileAllIsHeldHasItsShareAtTheEnd) {
    AllHeld held;
    held.ask();
    held.move.retarget(halves(1, 3), members({0, 1, 2, 3}));
    EXPECT_EQ(held.move.table(), all(kHeldMember));
    for (uint8_t m = 0; m < 3; ++m)
        held.move.answered(m, m);
    EXPECT_EQ(held.move.table(), halves(1, 3));
}

TEST(FlowMove, HoldingAllTakesOverAMoveUnderWayAndAsksAnew) {
    Moving moving;
    moving.ask(7);
    moving.move.hold_all(members({0, 1}));
    EXPECT_TRUE(moving.move.wants_grace());
    EXPECT_FALSE(moving.move.answered(0, 7)) << "it was asked ahead of the other buckets' frames";
    EXPECT_EQ(moving.move.table(), all(kHeldMember));
    EXPECT_EQ(moving.move.holds_in_force(), std::vector<uint8_t>({0, 1}));
}

TEST(FlowMove, OneMemberAloneHoldsNothing) {
    FlowMove move;
    move.retarget(all(0), members({0}));
    move.hold_all(members({0}));
    EXPECT_EQ(move.table(), all(0));
}

TEST(FlowMove, OnlyMovingBucketsAreHeld) {
    Moving moving;
    EXPECT_EQ(moving.move.table(), halves(0, kHeldMember));
    EXPECT_EQ(moving.move.target(), halves(0, 1));
    EXPECT_TRUE(moving.move.wants_grace());
}

TEST(FlowMove, TheAnswerReleasesThem) {
    Moving moving;
    moving.ask(7);
    EXPECT_FALSE(moving.move.wants_grace());
    EXPECT_FALSE(moving.move.answered(0, 8)) << "another question";
    EXPECT_FALSE(moving.move.answered(1, 7)) << "another member";
    EXPECT_EQ(moving.move.table(), halves(0, kHeldMember));
    EXPECT_TRUE(moving.move.answered(0, 7));
    EXPECT_EQ(moving.move.table(), halves(0, 1));
    EXPECT_FALSE(moving.move.is_holding());
    EXPECT_FALSE(moving.move.answered(0, 7)) << "once";
}

TEST(FlowMove, EveryQuestionWantsItsAnswer) {
    Moving moving;
    moving.ask(7);
    moving.move.asked(0, 8);
    EXPECT_FALSE(moving.move.answered(0, 8));
    EXPECT_TRUE(moving.move.answered(0, 7));
}

TEST(FlowMove, SoDoesTimeAndItNamesTheSilent) {
    Moving moving;
    moving.ask();
    EXPECT_FALSE(moving.move.time_passed(at(199ms)));
    EXPECT_TRUE(moving.move.time_passed(at(200ms)));
    EXPECT_EQ(moving.move.table(), halves(0, 1));
    EXPECT_EQ(moving.move.silent(), members({0}));
    EXPECT_FALSE(moving.move.deadline());
}

TEST(FlowMove, ADeadMembersBucketsWaitForNobody) {
    Moving moving;
    moving.ask();
    moving.move.retarget(all(1), members({1}));
    EXPECT_EQ(moving.move.table(), all(1));
    EXPECT_FALSE(moving.move.is_holding());
}

TEST(FlowMove, WithoutLiveMembersNothingWaits) {
    FlowMove move;
    move.retarget(all(0), {});
    move.retarget(halves(0, 1), {});
    EXPECT_EQ(move.table(), halves(0, 1));
}

TEST(FlowMove, TheWayBackNeedsNoQuestion) {
    Moving moving;
    moving.ask();
    moving.move.retarget(all(0), members({0, 1}));
    EXPECT_EQ(moving.move.table(), all(0));
    EXPECT_FALSE(moving.move.is_holding());
}

TEST(FlowMove, ALaterMoveWaitsForTheFirst) {
    Moving moving;
    moving.ask();
    moving.move.retarget(halves(2, 1), members({0, 1, 2}));
    EXPECT_EQ(moving.move.table(), halves(0, kHeldMember)) << "the Marker was sent before";
    EXPECT_TRUE(moving.move.answered(0, 7));
    EXPECT_EQ(moving.move.table(), halves(kHeldMember, 1));
    EXPECT_TRUE(moving.move.wants_grace());
    moving.ask(9);
    EXPECT_TRUE(moving.move.answered(0, 9));
    EXPECT_EQ(moving.move.table(), halves(2, 1));
}

TEST(FlowMove, ATargetThatChangesOnTheWayIsTheOneReached) {
    Moving moving;
    moving.ask();
    moving.move.retarget(halves(0, 2), members({0, 1, 2}));
    EXPECT_TRUE(moving.move.answered(0, 7));
    EXPECT_EQ(moving.move.table(), halves(0, 2));
}

TEST(FlowMove, BothSidesOfAnExchangeAreAsked) {
    FlowMove move;
    move.retarget(halves(0, 1), members({0, 1}));
    move.retarget(halves(1, 0), members({0, 1}));
    EXPECT_EQ(move.table(), all(kHeldMember));
    EXPECT_EQ(move.holds_in_force(), std::vector<uint8_t>({0, 1}));
    move.asked(0, 1);
    move.asked(1, 2);
    EXPECT_TRUE(move.answered(1, 2));
    EXPECT_EQ(move.table(), halves(kHeldMember, 0)) << "1 has told, 0 has not";
    EXPECT_TRUE(move.answered(0, 1));
    EXPECT_EQ(move.table(), halves(1, 0));
}

TEST(FlowMove, IsFreeOfAMemberWhenItsLastBucketLeft) {
    Moving moving;
    moving.move.retarget(all(1), members({0, 1}));
    EXPECT_FALSE(moving.move.is_free_of(0)) << "its frames may be on their way";
    moving.ask();
    moving.move.answered(0, 7);
    EXPECT_TRUE(moving.move.is_free_of(0));
}

// ---- in a lagg

TEST(Moving, APortThatComesGetsItsShareAfterTheOthersAnswered) {
    Pair pair(lagg(Protocol::LACP, {"p0", "p1"}));
    pair.set_link("p1", false);
    pair.run(5s);
    ASSERT_EQ(pair.a.receivers(), std::set<std::string>({"p0"}));
    pair.set_link("p1", true);
    pair.run(5s);
    EXPECT_EQ(pair.a.receivers(), std::set<std::string>({"p0", "p1"}));
    const auto ports = pair.a.aggregate.lacp()->snapshot().ports;
    EXPECT_EQ(ports[0].counters.marker_pdus_tx, 1U);
    EXPECT_EQ(ports[0].counters.marker_response_pdus_rx, 1U);
    EXPECT_EQ(ports[1].counters.marker_pdus_tx, 0U) << "nothing left port 1";
}

TEST(Moving, APartnerThatNeverAnswersIsWaitedForOnce) {
    Pair pair(lagg(Protocol::LACP, {"p0", "p1", "p2"}));
    pair.run(5s);
    const auto silent_drain = [&](const std::string &port) {
        pair.a.aggregate.set_drain(port, true, pair.a.now);
        pair.a.hold_is_in_force();
        size_t markers = 0;
        for (const OutgoingFrame &frame : pair.a.aggregate.take_frames())
            markers += lacp::classify(frame.bytes) == lacp::SlowProtocol::MARKER ? 1 : 0;
        return markers;
    };
    const auto let_pass = [&](lacp::Duration time) {
        pair.a.now = pair.a.now + time;
        pair.a.aggregate.time_passed(pair.a.now);
    };
    EXPECT_EQ(silent_drain("p0"), 1U);
    let_pass(kMarkerTimeout - 1ms);
    EXPECT_TRUE(pair.a.aggregate.flow_move().is_holding());
    let_pass(1ms);
    EXPECT_FALSE(pair.a.aggregate.flow_move().is_holding());
    EXPECT_EQ(pair.a.receivers(), std::set<std::string>({"p1", "p2"}));

    ASSERT_TRUE(pair.a.aggregate.member_named("p0")->ignores_markers);
    pair.run(5s); // taken back, with answers: the other two had to give some of theirs
    pair.a.aggregate.set_drain("p0", false, pair.a.now);
    pair.run(5s);
    ASSERT_EQ(pair.a.receivers(), std::set<std::string>({"p0", "p1", "p2"}));
    EXPECT_EQ(silent_drain("p0"), 1U) << "it is asked all the same";
    let_pass(kQuietTime - 1ms);
    EXPECT_TRUE(pair.a.aggregate.flow_move().is_holding());
    let_pass(1ms);
    EXPECT_FALSE(pair.a.aggregate.flow_move().is_holding());

    pair.a.aggregate.set_drain("p0", false, pair.a.now);
    pair.run(5s);
    pair.a.aggregate.set_drain("p0", true, pair.a.now);
    pair.exchange();
    EXPECT_FALSE(pair.a.aggregate.member_named("p0")->ignores_markers) << "it answers now";
}

TEST(Moving, EachQueueHasItsMarker) {
    Pair pair(lagg(Protocol::LACP, {"p0", "p1"}));
    pair.run(5s);
    (void)pair.a.aggregate.take_frames();
    pair.a.aggregate.set_drain("p0", true, pair.a.now);
    ASSERT_TRUE(pair.a.aggregate.flow_move().wants_grace());
    pair.a.aggregate.holds_in_force(3, pair.a.now);
    std::set<uint16_t> queues;
    for (const OutgoingFrame &frame : pair.a.aggregate.take_frames())
        if (lacp::classify(frame.bytes) == lacp::SlowProtocol::MARKER) queues.insert(frame.queue);
    EXPECT_EQ(queues, std::set<uint16_t>({0, 1, 2}));
}

} // namespace
} // namespace lagg::aggregation
