// How many lines of one port go into the log: a partner that is another one with every LACPDU, or a
// link that goes up and down, would fill it with tens of thousands a second. The port's history
// keeps all of its last transitions.
#pragma once

#include "lacp/types.hh"

#include <cstdint>
#include <optional>
#include <utility>

namespace lagg::aggregation {

class LogLimit {
  public:
    /// A port that is negotiated writes about ten lines.
    static constexpr unsigned kLines = 40;
    static constexpr lacp::Duration kPeriod = std::chrono::seconds(10);

    /// Lines that were left out in a period that is over, said once; else 0. To be asked before
    /// allows().
    uint64_t take_left_out(lacp::Time now) {
        if (now < begin_ + kPeriod) return 0;
        return std::exchange(left_out_, 0);
    }
    /// Whether one more may be written; else it is counted.
    bool allows(lacp::Time now) {
        if (now >= begin_ + kPeriod) {
            begin_ = now;
            lines_ = 0;
        }
        if (lines_ == kLines) {
            ++left_out_;
            return false;
        }
        ++lines_;
        return true;
    }
    /// When take_left_out() has something to say.
    std::optional<lacp::Time> deadline() const {
        return left_out_ == 0 ? std::nullopt : std::optional(begin_ + kPeriod);
    }

  private:
    lacp::Time begin_;
    unsigned lines_ = 0;
    uint64_t left_out_ = 0;
};

} // namespace lagg::aggregation
