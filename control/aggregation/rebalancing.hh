// Measures what each bucket of a lagg carries and says when its buckets should lie otherwise. The
// plan is distribute::plan_moves; how the buckets move is FlowMove's business. Pure: readings and
// time are arguments.
#pragma once

#include "dataplane/distribute/rebalance.hh"
#include "lacp/types.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace lagg::aggregation {

/// Between two readings of what the buckets carried. A sum of octets wraps at 2^32: a bucket that
/// carries 100 Gbit/s comes round in 343 ms.
inline constexpr lacp::Duration kReadingPeriod = std::chrono::milliseconds(100);
/// A reading this late may have missed a wrap; measuring begins anew.
inline constexpr lacp::Duration kReadingTooLate = std::chrono::milliseconds(300);
/// A plan is made from the sum of the readings of this long.
inline constexpr lacp::Duration kPlanPeriod = std::chrono::seconds(1);
/// Octets in a plan's period below which nothing moves: what is that idle gains nothing, and a few
/// frames would look like a great imbalance.
inline constexpr uint64_t kIdleOctets = 100'000;

/// What was done so far, for an observer.
struct RebalanceHistory {
    uint64_t rounds = 0;
    uint64_t buckets_moved = 0;
    double imbalance = 1; ///< as last measured
    double last_before = 1;
    double last_after = 1; ///< as predicted
    std::optional<lacp::Time> last_time;
    std::string last_action;
};

class Rebalancing {
  public:
    using Octets = std::array<uint32_t, distribute::kBuckets>;

    /// True when the workers' sums are to be read.
    bool wants_reading(lacp::Time now) const {
        return !last_time_ || now >= *last_time_ + kReadingPeriod;
    }
    /// Takes the sums: octets sent by each bucket, wrapping. True when a plan is due.
    bool note(const Octets &octets, lacp::Time now);
    /// Forgets what was measured; the next reading is the one to compare with.
    void restart() { last_time_.reset(); }

    /// A plan from what was measured, and with it the measuring begins anew. Without moves when the
    /// buckets lie well enough.
    distribute::Plan plan(const distribute::BucketTable &table, std::span<const uint32_t> weights);
    /// The plan is being carried out; `action` says so in words.
    void carried_out(const distribute::Plan &plan, std::string action, lacp::Time now);

    const RebalanceHistory &history() const { return history_; }

  private:
    void begin(lacp::Time now);

    Octets last_{};
    distribute::Load load_{}; ///< octets since began_
    std::optional<lacp::Time> last_time_;
    lacp::Time began_;
    RebalanceHistory history_;
};

} // namespace lagg::aggregation
