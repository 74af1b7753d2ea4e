// Whether a partner that was asked for a LACPDU a second sends them as often. One that does not is
// lost and found again all the time, which from one moment to the next looks like anything else.
#pragma once

#include "control/aggregation/ring.hh"
#include "lacp/types.hh"

#include <algorithm>
#include <optional>

namespace lagg::aggregation {

class PartnerPace {
  public:
    /// A LACPDU came. `asked`: it says that the partner knows of our short timeout.
    void came(lacp::Time at, bool asked) {
        if (last_ && asked_) gaps_.add(at - *last_);
        last_ = at;
        asked_ = asked;
    }
    /// The link was lost, and with it what was on its way.
    void begin_anew() { *this = {}; }

    /// The longest time between two of the last LACPDUs, where more than one pair of them was
    /// further apart than our timeout: one may be an outage.
    std::optional<lacp::Duration> too_slow() const {
        constexpr size_t kMoreThanAnOutage = 2;
        size_t late = 0;
        lacp::Duration longest{};
        for (size_t i = 0; i < gaps_.size(); ++i) {
            late += gaps_.at(i) > lacp::kShortTimeoutTime ? 1 : 0;
            longest = std::max(longest, gaps_.at(i));
        }
        return late < kMoreThanAnOutage ? std::nullopt : std::optional(longest);
    }

  private:
    /// A partner answers our changes at once also at the slow rate, a few times each; and one that
    /// was put right is no longer complained of after as many seconds.
    static constexpr size_t kGaps = 12;

    std::optional<lacp::Time> last_;
    bool asked_ = false;
    Ring<lacp::Duration, kGaps> gaps_;
};

} // namespace lagg::aggregation
