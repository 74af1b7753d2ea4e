// The one source of chance of a simulation: the same seed gives the same numbers with any compiler
// and library, which the distributions of <random> do not promise.
#pragma once

#include <cassert>
#include <chrono>
#include <cstdint>

namespace lagg::sim {

class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}

    /// SplitMix64 of Steele, Lea and Flood.
    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    /// One of 0 to count - 1.
    uint64_t below(uint64_t count) {
        assert(count != 0);
        return next() % count;
    }
    uint64_t between(uint64_t least, uint64_t most) { return least + below(most - least + 1); }
    bool percent(unsigned chance) { return below(100) < chance; }
    /// Up to `most`, to the microsecond.
    std::chrono::nanoseconds time(std::chrono::microseconds most) {
        return std::chrono::microseconds(below(static_cast<uint64_t>(most.count()) + 1));
    }

  private:
    uint64_t state_;
};

} // namespace lagg::sim
