// The two ways the machines measure time: a timer of the standard, and a limit per rolling second.
// Neither reads a clock.
#pragma once

#include "lacp/types.hh"

#include <cassert>
#include <optional>

namespace lagg::lacp {

/// Runs from start() until stop(); stays expired until somebody starts or stops it.
class Timer {
  public:
    void start(Time now, Duration duration) { expiry_ = now + duration; }
    void stop() { expiry_.reset(); }
    bool is_running() const { return expiry_.has_value(); }
    bool is_expired(Time now) const { return expiry_.has_value() && *expiry_ <= now; }
    /// Nothing while stopped.
    std::optional<Time> expiry() const { return expiry_; }

  private:
    std::optional<Time> expiry_;
};

/// Remembers the last `Limit` transmissions, so that no window of one Fast_Periodic_Time, wherever
/// it begins, holds more than that.
template <size_t Limit> class RateLimit {
  public:
    bool allows(Time now) const { return count_ < Limit || oldest() + kFastPeriodicTime <= now; }
    /// When allows() turns true again; only meaningful while it is false.
    Time allows_again() const {
        assert(count_ == Limit);
        return oldest() + kFastPeriodicTime;
    }
    /// Also legal while allows() is false: the oldest one is forgotten then.
    void note(Time now) {
        times_[next_] = now;
        next_ = (next_ + 1) % Limit;
        if (count_ < Limit) ++count_;
    }

  private:
    Time oldest() const { return times_[next_]; }

    std::array<Time, Limit> times_{};
    size_t next_ = 0;
    size_t count_ = 0;
};

} // namespace lagg::lacp
