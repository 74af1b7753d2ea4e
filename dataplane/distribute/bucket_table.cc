// How many buckets each member deserves, and the fewest moves that give them to it.
//
// The counts follow the divisor method of Adams: the next bucket always goes to the member with the
// largest weight per bucket held. Every divisor method has the two properties that matter here:
// taking a member away never takes a bucket from another one, and adding a member never gives one
// to another. (Rounding each share on its own, or by largest remainder, has neither.) Among them
// Adams never exceeds a share rounded up, and leaves no live member without a bucket.
//
// The bound: there is a divisor d with count = ceil(weight / d) for each of the n live members. As
// each ceil adds less than 1, sum / d lies in (4096 - n, 4096], and therefore
//     share * (1 - n / 4096) < count <= ceil(share),    share = 4096 * weight / sum.
// With equal weights that is within one bucket of the share; in general no member falls short by
// n / 4096 of its share or more.
#include "dataplane/distribute/bucket_table.hh"

#include <algorithm>
#include <cassert>
#include <cmath>

namespace lagg::distribute {

namespace {

/// Counts per member, by index. Buckets of members that are not live are counted nowhere.
using Counts = std::array<uint32_t, kMaxMembers>;

struct Members {
    std::span<const uint32_t> weights;

    bool live(uint8_t member) const { return member < weights.size() && weights[member] != 0; }

    /// True when `a` has more weight per bucket held than `b`: a's is weights[a] / counts_a. The
    /// products have at most 32 + 13 bits.
    bool lighter_loaded(uint8_t a, uint64_t count_a, uint8_t b, uint64_t count_b) const {
        return weights[a] * count_b > weights[b] * count_a;
    }

    /// Who deserves the next bucket; the lowest index where several do.
    uint8_t most_deserving(const Counts &counts) const {
        uint8_t best = kNoMember;
        for (uint8_t m = 0; m < weights.size(); m++) {
            if (!live(m)) continue;
            if (best == kNoMember || lighter_loaded(m, counts[m], best, counts[best])) best = m;
        }
        return best;
    }

    /// Who can best spare a bucket: the one that would deserve it least if it were given back.
    uint8_t least_deserving(const Counts &counts) const {
        uint8_t best = kNoMember;
        for (uint8_t m = 0; m < weights.size(); m++) {
            if (!live(m) || counts[m] == 0) continue;
            if (best == kNoMember || lighter_loaded(best, counts[best] - 1, m, counts[m] - 1))
                best = m;
        }
        return best;
    }
};

Counts count_live(const BucketTable &table, const Members &members) {
    Counts counts{};
    for (uint8_t member : table.member)
        if (members.live(member)) counts[member]++;
    return counts;
}

/// The counts to reach. Buckets without a live member are given away first, and live members then
/// exchange only what the order of merit strictly demands, so that ties never move anything.
Counts deserved(Counts counts, const Members &members) {
    size_t held = 0;
    for (uint32_t count : counts)
        held += count;
    for (; held < kBuckets; held++)
        counts[members.most_deserving(counts)]++;
    for (;;) {
        const uint8_t taker = members.most_deserving(counts);
        const uint8_t giver = members.least_deserving(counts);
        if (!members.lighter_loaded(taker, counts[taker], giver, counts[giver] - 1)) return counts;
        counts[taker]++;
        counts[giver]--;
    }
}

/// Takes from every member the buckets it has too many of, at even distances in its own.
void release(BucketTable &table, const Members &members, const Counts &have, const Counts &want) {
    Counts due{};
    for (uint8_t &member : table.member) {
        if (!members.live(member)) {
            member = kNoMember;
            continue;
        }
        if (have[member] <= want[member]) continue;
        due[member] += have[member] - want[member];
        if (due[member] < have[member]) continue;
        due[member] -= have[member];
        member = kNoMember;
    }
}

/// Deals the free buckets to those that lack some, mixed like cards in proportion to what each of
/// them lacks.
void deal(BucketTable &table, std::span<const uint32_t> lacking) {
    int64_t free = 0;
    for (uint32_t count : lacking)
        free += count;
    std::array<int64_t, kMaxMembers> credit{};
    for (uint8_t &member : table.member) {
        if (member != kNoMember) continue;
        uint8_t best = 0;
        for (uint8_t m = 0; m < lacking.size(); m++) {
            credit[m] += lacking[m];
            if (credit[m] > credit[best]) best = m;
        }
        credit[best] -= free;
        member = best;
    }
}

/// Weights under which the counts of `table` are those deserved (with whole counts for weights the
/// divisor is 1), then changed as the true weights change. Members that hold nothing come in
/// proportion to their true weight beside the others.
std::array<uint32_t, kMaxMembers> held_as_weights(const BucketTable &table,
                                                  std::span<const uint32_t> before,
                                                  std::span<const uint32_t> weights) {
    const Members members{weights};
    const Counts held = count_live(table, members);
    const auto stays = [&](size_t m) {
        return weights[m] != 0 && held[m] != 0 && m < before.size() && before[m] != 0;
    };
    std::array<double, kMaxMembers> exact{};
    double stay_exact = 0, stay_true = 0;
    for (size_t m = 0; m < weights.size(); m++) {
        if (!stays(m)) continue;
        exact[m] = static_cast<double>(held[m]) * weights[m] / before[m];
        stay_exact += exact[m];
        stay_true += weights[m];
    }
    const double per_true = stay_true == 0 ? 1 : stay_exact / stay_true;
    for (size_t m = 0; m < weights.size(); m++)
        if (weights[m] != 0 && !stays(m)) exact[m] = weights[m] * per_true;
    // A power of two keeps whole numbers exact in their proportions; 32 bits are what build()
    // takes.
    int exponent = 0;
    std::frexp(*std::ranges::max_element(exact), &exponent);
    std::array<uint32_t, kMaxMembers> scaled{};
    for (size_t m = 0; m < weights.size(); m++)
        if (weights[m] != 0)
            scaled[m] =
                std::max<uint32_t>(1, static_cast<uint32_t>(std::ldexp(exact[m], 31 - exponent)));
    return scaled;
}

} // namespace

BucketTable BucketTable::empty() {
    BucketTable table;
    table.member.fill(kNoMember);
    return table;
}

BucketTable build(const BucketTable &previous, std::span<const uint32_t> weights) {
    assert(weights.size() <= kMaxMembers);
    const Members members{weights};
    if (members.most_deserving({}) == kNoMember) return BucketTable::empty();
    const Counts have = count_live(previous, members);
    const Counts want = deserved(have, members);
    Counts lacking{};
    for (size_t m = 0; m < kMaxMembers; m++)
        lacking[m] = want[m] > have[m] ? want[m] - have[m] : 0;
    BucketTable table = previous;
    release(table, members, have, want);
    deal(table, std::span(lacking).first(weights.size()));
    return table;
}

BucketTable rebuild(const BucketTable &previous, std::span<const uint32_t> before,
                    std::span<const uint32_t> weights) {
    if (std::ranges::equal(before, weights)) return previous;
    // Untouched by a rebalancer: the weights say all, and no rounding adds up.
    if (build(previous, before) == previous) return build(previous, weights);
    return build(previous, held_as_weights(previous, before, weights));
}

size_t moved(const BucketTable &from, const BucketTable &to) {
    size_t count = 0;
    for (size_t i = 0; i < kBuckets; i++)
        count += from.member[i] != to.member[i];
    return count;
}

} // namespace lagg::distribute
