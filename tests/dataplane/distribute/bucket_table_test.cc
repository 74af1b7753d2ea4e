// The builder's promises, over chosen changes and over long random sequences of them.
#include "dataplane/distribute/bucket_table.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace lagg::distribute {
namespace {

using Weights = std::vector<uint32_t>;
using Counts = std::array<uint64_t, 256>;

Counts count(const BucketTable &table) {
    Counts counts{};
    for (uint8_t member : table.member)
        counts[member]++;
    return counts;
}

uint64_t sum(const Weights &weights) {
    return std::accumulate(weights.begin(), weights.end(), uint64_t{0});
}

std::string text(const Weights &weights) {
    std::string all;
    for (uint32_t weight : weights)
        all += std::to_string(weight) + " ";
    return all;
}

uint32_t weight_of(const Weights &weights, uint8_t member) {
    return member < weights.size() ? weights[member] : 0;
}

/// share * (1 - n / 4096) < count <= ceil(share), in whole numbers, and nothing for weight zero.
void expect_shares(const BucketTable &table, const Weights &weights) {
    const Counts counts = count(table);
    const uint64_t total = sum(weights);
    const auto live = static_cast<uint64_t>(
        std::count_if(weights.begin(), weights.end(), [](uint32_t w) { return w != 0; }));
    uint64_t held = 0;
    for (size_t m = 0; m < weights.size(); m++) {
        held += counts[m];
        const uint64_t ceiling = (kBuckets * weights[m] + total - 1) / total;
        ASSERT_LE(counts[m], ceiling) << "member " << m << " of " << text(weights);
        if (weights[m] != 0) {
            ASSERT_GT(counts[m] * total, weights[m] * (kBuckets - live))
                << "member " << m << " of " << text(weights);
        }
    }
    ASSERT_EQ(held, kBuckets) << "a bucket without a live member, " << text(weights);
}

/// No bucket leaves a live member unless the taker is short of it and stays so without it: nothing
/// moves for a tie, and no member both gives and takes.
void expect_fewest_moves(const BucketTable &before, const BucketTable &after,
                         const Weights &weights) {
    std::array<bool, 256> gave{}, took{};
    for (size_t i = 0; i < kBuckets; i++) {
        const uint8_t from = before.member[i], to = after.member[i];
        if (from == to) continue;
        took[to] = true;
        gave[from] = weight_of(weights, from) != 0 || gave[from];
    }
    const Counts counts = count(after);
    for (size_t from = 0; from < weights.size(); from++) {
        if (!gave[from]) continue;
        ASSERT_FALSE(took[from]) << "member " << from << " gives and takes, " << text(weights);
        for (size_t to = 0; to < weights.size(); to++) {
            if (!took[to]) continue;
            ASSERT_GT(weights[to] * counts[from], weights[from] * (counts[to] - 1))
                << "a bucket from " << from << " to " << to << " for nothing, " << text(weights);
        }
    }
}

TEST(BucketTable, EmptyHasNoMember) {
    for (uint32_t hash : {0u, 1u, 0x80000000u, 0xffffffffu})
        EXPECT_EQ(BucketTable::empty().lookup(hash), kNoMember);
}

TEST(BucketTable, HighBitsChoose) {
    EXPECT_EQ(BucketTable::bucket_of(0x000fffff), 0u);
    EXPECT_EQ(BucketTable::bucket_of(0x00100000), 1u);
    EXPECT_EQ(BucketTable::bucket_of(0xffffffff), kBuckets - 1);
}

TEST(BucketTable, NothingLiveIsEmpty) {
    const BucketTable full = build(BucketTable::empty(), Weights{1, 1});
    EXPECT_EQ(build(full, Weights{0, 0}), BucketTable::empty());
    EXPECT_EQ(build(full, Weights{}), BucketTable::empty());
    EXPECT_EQ(build(BucketTable::empty(), Weights(kMaxMembers, 0)), BucketTable::empty());
}

TEST(BucketTable, OneMemberTakesAll) {
    const Counts counts = count(build(BucketTable::empty(), Weights{0, 0, 5}));
    EXPECT_EQ(counts[2], kBuckets);
}

TEST(BucketTable, EqualWeightsDifferByOneBucketAtMost) {
    for (size_t members = 1; members <= kMaxMembers; members++) {
        const Counts counts = count(build(BucketTable::empty(), Weights(members, 10)));
        const auto [least, most] = std::minmax_element(counts.begin(), counts.begin() + members);
        EXPECT_LE(*most - *least, 1u) << members;
    }
}

TEST(BucketTable, SharesFollowWeights) {
    const Counts counts = count(build(BucketTable::empty(), Weights{10, 0, 30, 24}));
    EXPECT_EQ(counts[0], 640u);
    EXPECT_EQ(counts[1], 0u);
    EXPECT_EQ(counts[2], 1920u);
    EXPECT_EQ(counts[3], 1536u);
}

TEST(BucketTable, LargestWeightsDoNotOverflow) {
    const Counts counts = count(build(BucketTable::empty(), Weights(kMaxMembers, 0xffffffff)));
    for (size_t m = 0; m < kMaxMembers; m++)
        EXPECT_EQ(counts[m], kBuckets / kMaxMembers);
    const Weights uneven{0xffffffff, 1};
    expect_shares(build(BucketTable::empty(), uneven), uneven);
}

TEST(BucketTable, TheSameWeightsMoveNothing) {
    for (const Weights &weights : {Weights{1, 1, 1}, Weights{7, 3, 0, 90}, Weights(31, 2)}) {
        const BucketTable table = build(BucketTable::empty(), weights);
        EXPECT_EQ(build(table, weights), table) << text(weights);
    }
}

// In proportion among the survivors and, bucket by bucket, nothing else.
TEST(BucketTable, ALossRewritesTheLostBucketsAlone) {
    const BucketTable before = build(BucketTable::empty(), Weights{10, 10, 20, 10});
    const BucketTable after = build(before, Weights{10, 0, 20, 10});
    Counts heirs{};
    for (size_t i = 0; i < kBuckets; i++) {
        if (before.member[i] != 1)
            EXPECT_EQ(after.member[i], before.member[i]);
        else
            heirs[after.member[i]]++;
    }
    EXPECT_EQ(moved(before, after), count(before)[1]);
    EXPECT_NEAR(static_cast<double>(heirs[0]), count(before)[1] / 4.0, 2);
    EXPECT_NEAR(static_cast<double>(heirs[2]), count(before)[1] / 2.0, 2);
    EXPECT_NEAR(static_cast<double>(heirs[3]), count(before)[1] / 4.0, 2);
}

// The heirs' buckets lie mixed, not in blocks, so that a run of neighbours does not go to one.
TEST(BucketTable, AnInheritanceIsMixed) {
    const BucketTable before = build(BucketTable::empty(), Weights{1});
    const BucketTable after = build(before, Weights{0, 1, 1, 1});
    for (size_t i = 0; i + 3 < kBuckets; i++)
        EXPECT_TRUE(after.member[i] != after.member[i + 1] ||
                    after.member[i + 1] != after.member[i + 2]);
}

TEST(BucketTable, AGainTakesItsShareInProportion) {
    const BucketTable before = build(BucketTable::empty(), Weights{10, 30});
    const BucketTable after = build(before, Weights{10, 30, 24});
    EXPECT_EQ(moved(before, after), 1536u);
    EXPECT_EQ(count(after)[0], 640u);
    EXPECT_EQ(count(after)[1], 1920u);
    for (size_t i = 0; i < kBuckets; i++)
        EXPECT_TRUE(after.member[i] == before.member[i] || after.member[i] == 2);
}

TEST(BucketTable, MembersUnknownToTheWeightsAreLost) {
    BucketTable strange = build(BucketTable::empty(), Weights{1, 1, 1, 1});
    strange.member[7] = 200;
    const BucketTable after = build(strange, Weights{1, 1});
    expect_shares(after, {1, 1});
    expect_fewest_moves(strange, after, {1, 1});
}

TEST(BucketTable, MovedCountsDifferences) {
    BucketTable a = BucketTable::empty(), b = a;
    EXPECT_EQ(moved(a, b), 0u);
    b.member[0] = 1;
    b.member[kBuckets - 1] = 2;
    EXPECT_EQ(moved(a, b), 2u);
}

uint32_t random_weight(std::mt19937 &random) {
    switch (random() % 4) {
    case 0: return 1;
    case 1: return 1 + random() % 10;
    case 2: return std::array{100u, 1000u, 10000u, 25000u, 100000u}[random() % 5];
    default: return 1 + static_cast<uint32_t>(random()) / 2;
    }
}

/// Members join, leave and change weight, one at a time and several at once.
Weights random_change(std::mt19937 &random, Weights weights) {
    for (size_t changes = 1 + random() % 3; changes > 0; changes--) {
        uint32_t &weight = weights[random() % weights.size()];
        weight = weight != 0 && random() % 2 == 0 ? 0 : random_weight(random);
    }
    return weights;
}

TEST(BucketTable, RandomSequencesKeepSharesAndMoveTheLeast) {
    for (uint32_t seed = 0; seed < 60; seed++) {
        std::mt19937 random(seed);
        Weights weights(1 + random() % kMaxMembers, 0);
        BucketTable table = BucketTable::empty();
        for (int step = 0; step < 20; step++) {
            weights = random_change(random, weights);
            const BucketTable next = build(table, weights);
            ASSERT_EQ(next, build(table, weights));
            if (sum(weights) == 0) {
                ASSERT_EQ(next, BucketTable::empty());
            } else {
                expect_shares(next, weights);
                expect_fewest_moves(table, next, weights);
            }
            ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " step " << step;
            table = next;
        }
    }
}

// However odd the weights, and however many losses and gains come in a row.
TEST(BucketTable, RandomLossesAndGainsDisturbNobodyElse) {
    for (uint32_t seed = 0; seed < 60; seed++) {
        std::mt19937 random(seed);
        Weights full(2 + random() % (kMaxMembers - 1));
        std::generate(full.begin(), full.end(), [&] { return random_weight(random); });
        Weights weights = full;
        BucketTable table = build(BucketTable::empty(), weights);
        for (int step = 0; step < 30; step++) {
            const auto changed = static_cast<uint8_t>(random() % weights.size());
            const bool loss = weights[changed] != 0;
            weights[changed] = loss ? 0 : full[changed];
            if (sum(weights) == 0) weights[changed] = full[changed];
            const BucketTable next = build(table, weights);
            for (size_t i = 0; i < kBuckets; i++) {
                if (next.member[i] == table.member[i]) continue;
                ASSERT_EQ(loss ? table.member[i] : next.member[i], changed)
                    << "seed " << seed << " step " << step << ", " << text(weights);
            }
            table = next;
        }
    }
}

// ---- for every number of members, and for long histories

/// Equal weights, and three of random ones.
std::vector<Weights> kinds_of(size_t members) {
    std::vector<Weights> kinds{Weights(members, 1)};
    for (uint32_t seed = 0; seed < 3; seed++) {
        std::mt19937 random(seed * 100 + static_cast<uint32_t>(members));
        Weights &weights = kinds.emplace_back(members);
        std::generate(weights.begin(), weights.end(), [&] { return random_weight(random); });
    }
    return kinds;
}

/// Between the two only buckets of `member` changed, and no more than its share plus one.
void expect_only(uint8_t member, bool loss, const BucketTable &before, const BucketTable &after,
                 const Weights &with) {
    for (size_t i = 0; i < kBuckets; i++) {
        if (before.member[i] == after.member[i]) continue;
        ASSERT_EQ(loss ? before.member[i] : after.member[i], member)
            << "bucket " << i << " of another moved, " << text(with);
    }
    ASSERT_LE(moved(before, after) * sum(with), kBuckets * with[member] + sum(with))
        << "member " << int{member} << " moves more than its share, " << text(with);
}

TEST(BucketTable, EachOfAnyNumberMayLeaveAndComeBack) {
    for (size_t members = 2; members <= kMaxMembers; members++) {
        for (const Weights &weights : kinds_of(members)) {
            const BucketTable full = build(BucketTable::empty(), weights);
            for (uint8_t lost = 0; lost < members; lost++) {
                Weights fewer = weights;
                fewer[lost] = 0;
                const BucketTable without = build(full, fewer);
                expect_only(lost, true, full, without, weights);
                ASSERT_EQ(moved(full, without), count(full)[lost]);
                const BucketTable back = build(without, weights);
                expect_only(lost, false, without, back, weights);
                expect_fewest_moves(without, back, weights);
                expect_shares(back, weights);
                ASSERT_FALSE(HasFatalFailure()) << members << " members, " << int{lost} << " left";
            }
        }
    }
}

TEST(BucketTable, OneMoreThanAnyNumberTakesItsShareAlone) {
    for (size_t members = 2; members < kMaxMembers; members++) {
        for (Weights weights : kinds_of(members)) {
            const BucketTable before = build(BucketTable::empty(), weights);
            std::mt19937 random(static_cast<uint32_t>(members));
            weights.push_back(weights[0] == weights[1] ? weights[0] : random_weight(random));
            const BucketTable after = build(before, weights);
            expect_only(static_cast<uint8_t>(members), false, before, after, weights);
            expect_shares(after, weights);
            expect_fewest_moves(before, after, weights);
            ASSERT_FALSE(HasFatalFailure()) << members << " members and one";
        }
    }
}

// One event at a time, as ports come and go and their speeds change; every promise after each.
TEST(BucketTable, AThousandEventsKeepEveryPromise) {
    std::mt19937 random(7);
    Weights weights(kMaxMembers, 0);
    weights[0] = 10;
    BucketTable table = build(BucketTable::empty(), weights);
    size_t joins = 0, leaves = 0, changes = 0;
    for (int step = 0; step < 1000; step++) {
        const auto member = static_cast<uint8_t>(random() % kMaxMembers);
        const Weights before = weights;
        const bool live = weights[member] != 0;
        const bool leave = live && random() % 2 == 0 && sum(weights) != weights[member];
        weights[member] = leave ? 0 : random_weight(random);
        const BucketTable next = build(table, weights);
        if (!live) expect_only(member, false, table, next, weights);
        if (leave) expect_only(member, true, table, next, before);
        expect_shares(next, weights);
        expect_fewest_moves(table, next, weights);
        ASSERT_FALSE(HasFatalFailure()) << "step " << step;
        table = next;
        (leave ? leaves : live ? changes : joins)++;
    }
    EXPECT_GT(std::min({joins, leaves, changes}), 100u);
}

} // namespace
} // namespace lagg::distribute
