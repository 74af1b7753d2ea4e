// Which buckets should go to another member, given what each of them carries: a pure function. A
// hash spreads many flows evenly, but a few large ones lie where they fell.
#pragma once

#include "dataplane/distribute/bucket_table.hh"

#include <vector>

namespace lagg::distribute {

/// What each bucket carried in some period, in octets or any other unit.
using Load = std::array<uint64_t, kBuckets>;

/// When it is worth the trouble.
struct Limits {
    /// Nothing moves while the largest load per weight is not more than this times the mean.
    double act_above = 1.05;
    /// Nor when all the moves that help together would take away less than this part of it.
    double least_gain = 0.02;
    /// No more moves once it is no more than this times the mean.
    double good_enough = 1.01;
    /// Moves in one plan; the next plan goes on.
    size_t most_moves = 64;
};

struct Move {
    uint16_t bucket;
    uint8_t from;
    uint8_t to;
    bool operator==(const Move &) const = default;
};

/// Moves in the order in which they help most; no bucket moves twice, and no member loses its last
/// one. Imbalances are the largest load per weight over the mean: 1 is even.
struct Plan {
    std::vector<Move> moves;
    double before = 1;
    double after = 1; ///< should the load stay what it is
};

/// Weights as for build(). Buckets without a live member and their load are left out. Under the
/// same load, plan after plan comes to an end: each move lowers the load per weight of the busier
/// of its two members below what it was, and lifts that of the other less high.
Plan plan_moves(const BucketTable &table, std::span<const uint32_t> weights, const Load &load,
                const Limits &limits);

/// The table after the plan's moves.
BucketTable applied(const BucketTable &table, const Plan &plan);

/// The largest load per weight over the mean; 1 without any load.
double imbalance(const BucketTable &table, std::span<const uint32_t> weights, const Load &load);

} // namespace lagg::distribute
