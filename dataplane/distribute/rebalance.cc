// Greedy: the member that carries most for its weight gives the bucket whose move leaves the busier
// of giver and taker with the least, over all takers, until none helps. Then the busiest member
// carries no more above any other (of equal weight) than its smallest bucket that carries anything:
// close to the best where buckets are many, and where one elephant is most of the load it stays
// alone, because no move of it would help.
//
// The search always runs to its end, and only then is the plan cut to the moves of one round. So a
// first round that cannot show a gain by itself, several members being equally busy, is not given
// up.
#include "dataplane/distribute/rebalance.hh"

#include <algorithm>
#include <cassert>

namespace lagg::distribute {

namespace {

struct Candidate {
    uint16_t bucket;
    uint64_t load;
};

/// Where the loads lie while moves are tried.
class Balance {
  public:
    Balance(const BucketTable &table, std::span<const uint32_t> weights, const Load &load)
        : weights_(weights) {
        assert(weights.size() <= kMaxMembers);
        for (size_t b = 0; b < kBuckets; b++) {
            const uint8_t member = table.member[b];
            if (member >= weights.size() || weights[member] == 0) continue;
            load_[member] += static_cast<double>(load[b]);
            held_[member]++;
            if (load[b] != 0) movable_[member].push_back({static_cast<uint16_t>(b), load[b]});
        }
        double total = 0, weight = 0;
        for (size_t m = 0; m < weights.size(); m++) {
            total += load_[m];
            weight += weights[m];
            std::ranges::stable_sort(movable_[m], {}, &Candidate::load);
        }
        mean_ = weight == 0 ? 0 : total / weight;
    }

    /// The largest load per weight over the mean.
    double imbalance() const { return mean_ == 0 ? 1 : per_weight(busiest(), 0) / mean_; }

    /// The move that helps the busiest member most; false when none does.
    bool find(Move &move) const {
        const uint8_t from = busiest();
        if (held_[from] < 2) return false;
        double least = per_weight(from, 0);
        bool found = false;
        for (uint8_t to = 0; to < weights_.size(); to++) {
            if (to == from || weights_[to] == 0) continue;
            for (const Candidate &candidate : nearest(from, to)) {
                const auto load = static_cast<double>(candidate.load);
                const double left = std::max(per_weight(from, -load), per_weight(to, load));
                if (left >= least) continue;
                least = left;
                move = {candidate.bucket, from, to};
                found = true;
            }
        }
        return found;
    }

    /// The bucket stays where it comes to: no plan moves one twice.
    void make(const Move &move) {
        auto &movable = movable_[move.from];
        const auto found = std::ranges::find(movable, move.bucket, &Candidate::bucket);
        assert(found != movable.end());
        load_[move.from] -= static_cast<double>(found->load);
        load_[move.to] += static_cast<double>(found->load);
        held_[move.from]--;
        held_[move.to]++;
        movable.erase(found);
    }

  private:
    double per_weight(uint8_t member, double more) const {
        return (load_[member] + more) / weights_[member];
    }

    /// Called only where a member is live.
    uint8_t busiest() const {
        uint8_t best = kNoMember;
        for (uint8_t m = 0; m < weights_.size(); m++) {
            if (weights_[m] == 0) continue;
            if (best == kNoMember || per_weight(m, 0) > per_weight(best, 0)) best = m;
        }
        return best;
    }

    /// The largest bucket that leaves the giver the busier one, and the smallest that does not.
    std::span<const Candidate> nearest(uint8_t from, uint8_t to) const {
        const double a = weights_[from], b = weights_[to];
        const double even = (load_[from] * b - load_[to] * a) / (a + b);
        const auto &movable = movable_[from];
        const auto above = std::ranges::upper_bound(
            movable, even, {}, [](const Candidate &c) { return static_cast<double>(c.load); });
        const auto first = above == movable.begin() ? above : above - 1;
        return {first, above == movable.end() ? above : above + 1};
    }

    std::span<const uint32_t> weights_;
    std::array<double, kMaxMembers> load_{};
    std::array<uint32_t, kMaxMembers> held_{};
    /// Loaded buckets that have not moved, the smallest first.
    std::array<std::vector<Candidate>, kMaxMembers> movable_;
    double mean_ = 0;
};

} // namespace

Plan plan_moves(const BucketTable &table, std::span<const uint32_t> weights, const Load &load,
                const Limits &limits) {
    Balance balance(table, weights, load);
    Plan plan;
    plan.before = plan.after = balance.imbalance();
    if (plan.before <= limits.act_above) return plan;
    double end = plan.before;
    for (Move move{}; end > limits.good_enough && balance.find(move);) {
        balance.make(move);
        end = balance.imbalance();
        if (plan.moves.size() >= limits.most_moves) continue;
        plan.moves.push_back(move);
        plan.after = end;
    }
    if (end <= plan.before * (1 - limits.least_gain)) return plan;
    return {.moves = {}, .before = plan.before, .after = plan.before};
}

BucketTable applied(const BucketTable &table, const Plan &plan) {
    BucketTable after = table;
    for (const Move &move : plan.moves) {
        assert(after.member[move.bucket] == move.from);
        after.member[move.bucket] = move.to;
    }
    return after;
}

double imbalance(const BucketTable &table, std::span<const uint32_t> weights, const Load &load) {
    return Balance(table, weights, load).imbalance();
}

} // namespace lagg::distribute
