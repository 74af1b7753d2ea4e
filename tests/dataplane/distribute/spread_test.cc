// Bursts to members: each mode's exact sequence, and what it does when nobody is live.
#include "dataplane/distribute/instruction_set.hh"
#include "tests/dataplane/frame/frame_builder.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <set>
#include <vector>

namespace lagg::distribute {
namespace {

using Members = std::vector<uint8_t>;
using Bytes = std::vector<uint8_t>;
using frame::FrameBuilder;

Spread turns(std::initializer_list<uint8_t> members, uint32_t stride = 1) {
    Spread spread;
    spread.turns = members;
    spread.stride = stride;
    return spread;
}

/// One octet behind the burst stands guard.
Members take_turns(const Spread &spread, Cursor &cursor, size_t packets) {
    constexpr uint8_t guard = 0xee;
    Members members(packets + 1, guard);
    spread_round_robin(spread, cursor, packets, members.data());
    EXPECT_EQ(members.back(), guard);
    members.pop_back();
    return members;
}

Members by_hash(const Spread &spread, const std::vector<Packet> &packets) {
    std::vector<const Packet *> pointers;
    for (const Packet &packet : packets)
        pointers.push_back(&packet);
    std::vector<uint16_t> buckets(packets.size());
    bucket_function(spread.policy)(spread, pointers.data(), packets.size(), buckets.data());
    Members members;
    for (const uint16_t bucket : buckets)
        members.push_back(spread.table.member_of(bucket));
    return members;
}

TEST(RoundRobin, TakesTurns) {
    Cursor cursor;
    const Spread spread = turns({4, 0, 9});
    EXPECT_EQ(take_turns(spread, cursor, 7), (Members{4, 0, 9, 4, 0, 9, 4}));
    EXPECT_EQ(take_turns(spread, cursor, 2), (Members{0, 9}));
    EXPECT_EQ(take_turns(spread, cursor, 1), (Members{4}));
}

TEST(RoundRobin, StrideGoesOnAcrossBursts) {
    Cursor cursor;
    const Spread spread = turns({1, 2}, 3);
    EXPECT_EQ(take_turns(spread, cursor, 4), (Members{1, 1, 1, 2}));
    EXPECT_EQ(take_turns(spread, cursor, 1), (Members{2}));
    EXPECT_EQ(take_turns(spread, cursor, 5), (Members{2, 1, 1, 1, 2}));
}

TEST(RoundRobin, AnEmptyBurstChangesNothing) {
    Cursor cursor;
    const Spread spread = turns({1, 2}, 2);
    take_turns(spread, cursor, 3);
    EXPECT_EQ(take_turns(spread, cursor, 0), Members{});
    EXPECT_EQ(take_turns(spread, cursor, 2), (Members{2, 1}));
}

TEST(RoundRobin, CursorSurvivesAGrowingLiveSet) {
    Cursor cursor;
    EXPECT_EQ(take_turns(turns({5}), cursor, 3), (Members{5, 5, 5}));
    EXPECT_EQ(take_turns(turns({5, 6}), cursor, 3), (Members{5, 6, 5}));
    EXPECT_EQ(take_turns(turns({5, 6, 7}), cursor, 3), (Members{6, 7, 5}));
}

TEST(RoundRobin, CursorSurvivesAShrinkingLiveSet) {
    Cursor cursor;
    EXPECT_EQ(take_turns(turns({5, 6, 7}, 4), cursor, 9).back(), 7);
    EXPECT_EQ(take_turns(turns({5, 6}, 4), cursor, 5), (Members{5, 5, 5, 5, 6}));
}

TEST(RoundRobin, AShorterStrideCutsTheOneUnderWay) {
    Cursor cursor;
    EXPECT_EQ(take_turns(turns({5, 6}, 1000), cursor, 1), (Members{5}));
    EXPECT_EQ(take_turns(turns({5, 6}, 2), cursor, 4), (Members{5, 5, 6, 6}));
}

// Sizes of bursts leave no trace in the sequence: packet i goes to the turn of its stride.
TEST(RoundRobin, TheSequenceIsExactWhateverTheBursts) {
    const std::vector<uint32_t> weights{3, 0, 1, 0, 2};
    for (const uint32_t stride : {1u, 2u, 7u, 64u, 1000u}) {
        Spread spread;
        spread.turns = plan_turns(Members{0, 2, 4}, weights);
        spread.stride = stride;
        std::mt19937 random(stride);
        Cursor cursor;
        size_t packet = 0;
        for (int burst = 0; burst < 300; burst++)
            for (const uint8_t member : take_turns(spread, cursor, random() % (kMostPackets + 1)))
                ASSERT_EQ(member, spread.turns[packet++ / stride % spread.turns.size()])
                    << "packet " << packet - 1 << ", stride " << stride;
    }
}

std::vector<uint8_t> planned(const std::vector<uint8_t> &live,
                             const std::vector<uint32_t> &weights) {
    return plan_turns(live, weights);
}

TEST(Turns, EqualWeightsAreOneTurnEach) {
    EXPECT_EQ(planned({0, 2, 5}, {1, 9, 1, 9, 9, 1}), (Members{0, 2, 5}));
    EXPECT_EQ(planned({0, 1}, {40000, 40000}), (Members{0, 1}));
    EXPECT_EQ(planned({}, {}), Members{});
}

TEST(Turns, WeightsAreMixedEvenly) {
    EXPECT_EQ(planned({0, 1}, {2, 1}), (Members{0, 1, 0}));
    const Members members = planned({0, 1, 2}, {50, 10, 40});
    EXPECT_EQ(members.size(), 10u);
    EXPECT_EQ(std::count(members.begin(), members.end(), 0), 5);
    EXPECT_EQ(std::count(members.begin(), members.end(), 1), 1);
    for (size_t i = 0; i + 1 < members.size(); i++)
        EXPECT_FALSE(members[i] == 0 && members[i + 1] == 0) << i;
}

TEST(Turns, ManyAndStrangeWeightsStayWithinBounds) {
    const Members members = planned({0, 1, 2}, {1000003, 17, 499999});
    EXPECT_LE(members.size(), 1100u);
    EXPECT_EQ(std::count(members.begin(), members.end(), 1), 1);
    EXPECT_NEAR(static_cast<double>(std::count(members.begin(), members.end(), 0)),
                2.0 * static_cast<double>(std::count(members.begin(), members.end(), 2)), 4);
}

Bytes udp(uint16_t source, uint16_t destination) {
    return FrameBuilder().ethernet().type(0x0800).ipv4({.protocol = 17}).ports(source, destination);
}

Spread hashing(const std::vector<uint32_t> &weights) {
    Spread spread;
    spread.table = build(BucketTable::empty(), weights);
    spread.policy = {.fields = kLayer3 | kLayer4, .seed = 5};
    spread.hash = FlowHash(spread.policy);
    return spread;
}

// Each frame by its own octets: a burst's first frame must not decide for the others.
TEST(Hash, EachFrameGoesWhereItsKeyPoints) {
    const Spread spread = hashing({1, 1, 1, 1});
    std::vector<Bytes> frames;
    for (uint16_t i = 0; i < 200; i++)
        frames.push_back(udp(static_cast<uint16_t>(1000 + i), 53));
    std::vector<Packet> packets;
    for (const Bytes &bytes : frames)
        packets.push_back(Packet::of(bytes));
    const Members members = by_hash(spread, packets);
    for (size_t i = 0; i < frames.size(); i++)
        EXPECT_EQ(members[i],
                  spread.table.lookup(flow_hash(frame::parse(frames[i]), spread.policy)));
    EXPECT_EQ(std::set<uint8_t>(members.begin(), members.end()), (std::set<uint8_t>{0, 1, 2, 3}));
}

TEST(Hash, AFlowStaysOnItsMemberWithOptionsAndDf) {
    const Spread spread = hashing(std::vector<uint32_t>(32, 1));
    const Bytes plain = udp(1, 2);
    const Bytes options = FrameBuilder()
                              .ethernet()
                              .type(0x0800)
                              .ipv4({.protocol = 17, .fragment = 0x4000, .option_words = 3})
                              .ports(1, 2);
    const Members members = by_hash(spread, {Packet::of(plain), Packet::of(options)});
    EXPECT_EQ(members[0], members[1]);
}

TEST(Hash, FragmentsOfADatagramStayTogether) {
    const Spread spread = hashing(std::vector<uint32_t>(32, 1));
    std::vector<Bytes> frames;
    for (uint16_t i = 0; i < 32; i++) {
        const auto field = static_cast<uint16_t>((i < 31 ? 0x2000 : 0) | i * 185);
        frames.push_back(FrameBuilder()
                             .ethernet()
                             .type(0x0800)
                             .ipv4({.protocol = 17, .fragment = field})
                             .ports(static_cast<uint16_t>(i * 977), i));
    }
    std::vector<Packet> packets;
    for (const Bytes &bytes : frames)
        packets.push_back(Packet::of(bytes));
    const Members members = by_hash(spread, packets);
    EXPECT_EQ(members, Members(32, members[0]));
}

TEST(Hash, FramesWithoutOctetsAndTablesWithoutMembers) {
    EXPECT_EQ(by_hash(hashing({0, 1}), std::vector<Packet>(2)), Members(2, 1));
    EXPECT_EQ(by_hash(hashing({}), std::vector<Packet>(2)), Members(2, kNoMember));
}

} // namespace
} // namespace lagg::distribute
