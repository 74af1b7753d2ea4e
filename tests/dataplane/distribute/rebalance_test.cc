// The planner's promises: it comes close to what the largest bucket allows, comes to an end, leaves
// alone what would not help, and a table it changed keeps what bucket_table.hh promises.
#include "dataplane/distribute/rebalance.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <queue>
#include <random>
#include <set>

namespace lagg::distribute {
namespace {

using Weights = std::vector<uint32_t>;

BucketTable table_of(const Weights &weights) {
    return build(BucketTable::empty(), weights);
}

std::array<size_t, 256> buckets_of_each(const BucketTable &table) {
    std::array<size_t, 256> counts{};
    for (uint8_t member : table.member)
        counts[member]++;
    return counts;
}

/// Buckets of a member, in order.
std::vector<uint16_t> buckets_of(const BucketTable &table, uint8_t member) {
    std::vector<uint16_t> buckets;
    for (size_t b = 0; b < kBuckets; b++)
        if (table.member[b] == member) buckets.push_back(static_cast<uint16_t>(b));
    return buckets;
}

/// As traffic is: nothing at all, flows like one another, a few elephants, or both.
Load random_load(std::mt19937 &random) {
    Load load{};
    const uint32_t shape = random() % 4;
    if (shape != 0)
        for (uint64_t &octets : load)
            if (shape != 3 || random() % 8 == 0) octets = random() % 100'000;
    if (shape != 1)
        for (size_t elephants = 1 + random() % 60; elephants > 0; elephants--)
            load[random() % kBuckets] += random() % 20'000'000;
    return load;
}

/// Every member of one speed, or of two, with places that are free.
Weights random_weights(std::mt19937 &random) {
    Weights weights(2 + random() % (kMaxMembers - 1));
    const bool equal = random() % 2 == 0;
    for (uint32_t &weight : weights)
        weight = equal ? 10 : std::array{10u, 25u, 40u, 0u}[random() % 4];
    weights[0] = weights[1] = 10;
    return weights;
}

/// Plans until none is left; fails when there is no end.
BucketTable settled(const BucketTable &first, const Weights &weights, const Load &load,
                    const Limits &limits = {}) {
    BucketTable table = first;
    for (size_t rounds = 0; rounds < 200; rounds++) {
        const Plan plan = plan_moves(table, weights, load, limits);
        if (plan.moves.empty()) return table;
        table = applied(table, plan);
    }
    ADD_FAILURE() << "never content";
    return table;
}

/// Lower bound of any table, over the mean: the largest bucket on the fastest member, or even.
double least_possible(const Weights &weights, const Load &load) {
    const double total = static_cast<double>(std::accumulate(load.begin(), load.end(), 0ULL));
    const double mean = total / std::accumulate(weights.begin(), weights.end(), 0.0);
    if (mean == 0) return 1;
    const auto largest = static_cast<double>(*std::ranges::max_element(load));
    return std::max(1.0, largest / *std::ranges::max_element(weights) / mean);
}

TEST(Rebalance, AnEvenLoadMovesNothing) {
    const Weights weights{1, 1, 1, 1};
    Load load;
    load.fill(1000);
    const Plan plan = plan_moves(table_of(weights), weights, load, {});
    EXPECT_TRUE(plan.moves.empty());
    EXPECT_DOUBLE_EQ(plan.before, 1);
    EXPECT_DOUBLE_EQ(plan.after, 1);
}

TEST(Rebalance, NoLoadAndNoMembersAreEven) {
    EXPECT_DOUBLE_EQ(plan_moves(table_of({1, 1}), Weights{1, 1}, {}, {}).before, 1);
    EXPECT_DOUBLE_EQ(plan_moves(BucketTable::empty(), Weights{}, {}, {}).before, 1);
    EXPECT_DOUBLE_EQ(plan_moves(BucketTable::empty(), Weights{0, 0}, {}, {}).before, 1);
}

TEST(Rebalance, OneMoveWhereOneIsEnough) {
    const BucketTable table = table_of({1, 1});
    const std::vector<uint16_t> of_0 = buckets_of(table, 0), of_1 = buckets_of(table, 1);
    Load load{};
    load[of_0[3]] = 500, load[of_0[9]] = 600, load[of_1[0]] = 100;
    const Plan plan = plan_moves(table, Weights{1, 1}, load, {});
    ASSERT_EQ(plan.moves, std::vector<Move>({{of_0[3], 0, 1}}));
    EXPECT_DOUBLE_EQ(plan.before, 1100.0 / 600);
    EXPECT_DOUBLE_EQ(plan.after, 1);
    EXPECT_DOUBLE_EQ(imbalance(applied(table, plan), Weights{1, 1}, load), plan.after);
}

// It would only change the member that is too busy.
TEST(Rebalance, AnElephantThatIsMostOfTheLoadStaysAndTheOthersMakeRoom) {
    const BucketTable table = table_of({1, 1});
    Load load{};
    load.fill(1);
    const uint16_t elephant = buckets_of(table, 0).front();
    load[elephant] = 3000;
    const BucketTable after = settled(table, {1, 1}, load);
    EXPECT_EQ(after.member[elephant], 0);
    EXPECT_LE(imbalance(after, Weights{1, 1}, load), 1.05);

    Load alone{};
    alone[elephant] = 1'000'000;
    EXPECT_TRUE(plan_moves(table, Weights{1, 1}, alone, {}).moves.empty());
}

TEST(Rebalance, LoadFollowsWeights) {
    const Weights weights{10, 0, 40};
    const BucketTable table = table_of({10, 0, 10}); // as if the third had become faster
    Load load;
    load.fill(100);
    const BucketTable after = settled(table, weights, load);
    EXPECT_NEAR(static_cast<double>(buckets_of_each(after)[2]), kBuckets * 0.8, kBuckets * 0.02);
}

TEST(Rebalance, BucketsWithoutALiveMemberAreLeftOut) {
    BucketTable table = table_of({1, 1});
    table.member[5] = kHeldMember;
    table.member[6] = kNoMember;
    table.member[7] = 2;
    Load load{};
    load[5] = load[6] = load[7] = 1'000'000;
    const std::vector<uint16_t> of_0 = buckets_of(table, 0);
    load[of_0[0]] = load[of_0[1]] = 10;
    const Plan plan = plan_moves(table, Weights{1, 1, 0}, load, {});
    ASSERT_EQ(plan.moves.size(), 1u);
    EXPECT_DOUBLE_EQ(plan.before, 2);
    EXPECT_EQ(plan.moves[0].from, 0);
    EXPECT_EQ(plan.moves[0].to, 1);
}

TEST(Rebalance, NotForLittle) {
    const BucketTable table = table_of({1, 1});
    const std::vector<uint16_t> of_0 = buckets_of(table, 0), of_1 = buckets_of(table, 1);
    Load load{};
    load[of_0[0]] = 1000, load[of_0[1]] = load[of_0[2]] = 20, load[of_1[0]] = 1000; // 1.02
    EXPECT_TRUE(plan_moves(table, Weights{1, 1}, load, {}).moves.empty());
    EXPECT_FALSE(
        plan_moves(table, Weights{1, 1}, load, {.act_above = 1.01, .least_gain = 0}).moves.empty());
    load[of_0[0]] = 1300, load[of_0[1]] = 10, load[of_0[2]] = 0; // 1.13; all that helps is 10
    const Plan plan = plan_moves(table, Weights{1, 1}, load, {});
    EXPECT_TRUE(plan.moves.empty());
    EXPECT_GT(plan.before, 1.05);
    EXPECT_DOUBLE_EQ(plan.after, plan.before);
}

// Sixteen members are equally busy, so that a round of a few moves cannot lower the maximum.
TEST(Rebalance, ARoundThatGainsNothingByItselfIsBegunAllTheSame) {
    const Weights weights(32, 1);
    const BucketTable table = table_of(weights);
    Load load;
    for (size_t b = 0; b < kBuckets; b++)
        load[b] = table.member[b] < 16 ? 120 : 80;
    const Limits limits{.most_moves = 4};
    EXPECT_EQ(plan_moves(table, weights, load, limits).moves.size(), 4u);
    EXPECT_LE(imbalance(settled(table, weights, load, limits), weights, load), 1.05);
}

TEST(Rebalance, AMemberKeepsItsLastBucket) {
    const Weights weights{1, 100};
    BucketTable table;
    table.member.fill(1);
    table.member[9] = 0;
    Load load{};
    load[9] = 1000;
    EXPECT_TRUE(plan_moves(table, weights, load, {}).moves.empty());
}

TEST(Rebalance, PlansKeepTheirPromisesUnderRandomLoads) {
    for (uint32_t seed = 0; seed < 150; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const Weights weights = random_weights(random);
        const Load load = random_load(random);
        const Limits limits{.most_moves = 1 + random() % 100};
        BucketTable table = table_of(weights);
        for (size_t rounds = 0;; rounds++) {
            ASSERT_LT(rounds, 5000u) << "never content";
            const Plan plan = plan_moves(table, weights, load, limits);
            ASSERT_DOUBLE_EQ(plan.before, imbalance(table, weights, load));
            if (plan.moves.empty()) break;
            ASSERT_GT(plan.before, limits.act_above);
            ASSERT_LE(plan.moves.size(), limits.most_moves);
            std::set<uint16_t> moved_once;
            for (const Move &move : plan.moves) {
                ASSERT_TRUE(moved_once.insert(move.bucket).second);
                ASSERT_NE(move.from, move.to);
                ASSERT_NE(weights[move.to], 0u);
                ASSERT_NE(load[move.bucket], 0u) << "an idle bucket moves for nothing";
            }
            table = applied(table, plan);
            ASSERT_LE(plan.after, plan.before + 1e-9) << "it made it worse";
            ASSERT_NEAR(plan.after, imbalance(table, weights, load), 1e-9);
        }
    }
}

// With equal weights: never further above the mean than the largest bucket, and close to what the
// usual scheduler reaches, which deals everything anew.
TEST(Rebalance, EndsCloseToTheOptimum) {
    double worst = 1, sum = 0;
    size_t cases = 0;
    for (uint32_t seed = 0; seed < 300; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const Weights weights(2 + random() % 7, 1);
        const Load load = random_load(random);
        const double mean =
            static_cast<double>(std::accumulate(load.begin(), load.end(), 0ULL)) / weights.size();
        const BucketTable after = settled(table_of(weights), weights, load);
        const double end = imbalance(after, weights, load);
        const double largest = static_cast<double>(*std::ranges::max_element(load));
        ASSERT_LE(end, std::max(1.05, 1.02 * (1 + largest / mean)));

        // Longest first to the least busy: the usual yardstick, which may move everything.
        Load sorted = load;
        std::ranges::sort(sorted, std::greater{});
        std::priority_queue<uint64_t, std::vector<uint64_t>, std::greater<>> fresh(
            std::greater<>{}, std::vector<uint64_t>(weights.size(), 0));
        for (uint64_t bucket : sorted) {
            const uint64_t least = fresh.top();
            fresh.pop();
            fresh.push(least + bucket);
        }
        uint64_t most = 0;
        for (; !fresh.empty(); fresh.pop())
            most = fresh.top();
        const double yardstick = std::max(1.0, static_cast<double>(most) / mean);
        ASSERT_GE(end, least_possible(weights, load) - 1e-9);
        worst = std::max(worst, end / yardstick);
        sum += end / yardstick;
        cases++;
    }
    RecordProperty("worst", std::to_string(worst));
    RecordProperty("average", std::to_string(sum / cases));
    EXPECT_LT(worst, 1.25);
    EXPECT_LT(sum / cases, 1.03);
}

// ---- what the bucket table promises holds for a table that was rebalanced

/// A table after some rounds under loads that come and go.
BucketTable drifted(const BucketTable &first, const Weights &weights, std::mt19937 &random) {
    BucketTable table = first;
    for (int phase = 0; phase < 3; phase++)
        table = settled(table, weights, random_load(random));
    return table;
}

TEST(Rebalanced, TheSameWeightsUndoNothing) {
    std::mt19937 random(1);
    const Weights weights{10, 25, 0, 10};
    const BucketTable table = drifted(table_of(weights), weights, random);
    ASSERT_NE(build(table, weights), table) << "nothing was rebalanced";
    EXPECT_EQ(rebuild(table, weights, weights), table);
}

TEST(Rebalanced, AnUntouchedTableIsBuiltAsEver) {
    const Weights before{10, 10, 10}, after{10, 0, 30};
    const BucketTable table = table_of(before);
    EXPECT_EQ(rebuild(table, before, after), build(table, after));
    EXPECT_EQ(rebuild(BucketTable::empty(), Weights{}, before), table);
    EXPECT_EQ(rebuild(table, before, Weights{0, 0, 0}), BucketTable::empty());
}

TEST(Rebalanced, ALossDisturbsNobodyElseAndAGainTakesItsShare) {
    size_t uneven = 0;
    for (uint32_t seed = 0; seed < 80; seed++) {
        SCOPED_TRACE(seed);
        std::mt19937 random(seed);
        const Weights weights = random_weights(random);
        BucketTable table = drifted(table_of(weights), weights, random);
        uneven += build(table, weights) != table;

        const uint8_t lost = random() % 2;
        Weights fewer = weights;
        fewer[lost] = 0;
        const BucketTable after = rebuild(table, weights, fewer);
        for (size_t b = 0; b < kBuckets; b++) {
            if (table.member[b] == lost)
                ASSERT_NE(fewer[after.member[b]], 0u);
            else
                ASSERT_EQ(after.member[b], table.member[b]) << "bucket " << b;
        }

        table = drifted(after, fewer, random);
        const BucketTable back = rebuild(table, fewer, weights);
        const double share = static_cast<double>(kBuckets) * weights[lost] /
                             std::accumulate(weights.begin(), weights.end(), 0.0);
        ASSERT_LE(static_cast<double>(moved(table, back)), share + 1);
        ASSERT_GE(static_cast<double>(moved(table, back)), share * 0.95 - 1);
        for (size_t b = 0; b < kBuckets; b++)
            ASSERT_TRUE(back.member[b] == table.member[b] || back.member[b] == lost);
    }
    EXPECT_GT(uneven, 40u) << "few of the tables were rebalanced at all";
}

TEST(Rebalanced, AWeightThatDoublesDoublesWhatTheMemberHolds) {
    const Weights before{10, 10, 10, 10}, after{20, 10, 10, 10};
    BucketTable table = table_of(before);
    for (size_t b = 0; b < kBuckets; b++) // 1 gave a third of its own to 2
        if (table.member[b] == 1 && b % 3 == 0) table.member[b] = 2;
    const auto had = buckets_of_each(table);
    const BucketTable next = rebuild(table, before, after);
    const auto has = buckets_of_each(next);
    const double scale = static_cast<double>(kBuckets) / static_cast<double>(kBuckets + had[0]);
    EXPECT_NEAR(static_cast<double>(has[0]), 2.0 * static_cast<double>(had[0]) * scale, 2);
    for (size_t m = 1; m < 4; m++)
        EXPECT_NEAR(static_cast<double>(has[m]), static_cast<double>(had[m]) * scale, 2);
    EXPECT_EQ(moved(table, next), has[0] - had[0]);
}

TEST(Rebalanced, LargestRatiosOfWeightsDoNotOverflow) {
    BucketTable table = table_of(Weights{1, 1});
    for (size_t b = 0; b < 100; b++)
        table.member[b] = 0;
    for (const Weights &after : {Weights{0xffffffff, 1}, Weights{1, 1, 0xffffffff}}) {
        const auto counts = buckets_of_each(rebuild(table, Weights{1, 1}, after));
        EXPECT_GE(counts[0], 1u);
        EXPECT_GE(counts[1], 1u);
        EXPECT_GE(counts[0] + counts[1] + counts[2], kBuckets);
        EXPECT_GT(*std::ranges::max_element(counts), kBuckets - 4);
    }
}

} // namespace
} // namespace lagg::distribute
