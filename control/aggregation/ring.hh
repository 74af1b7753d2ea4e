// The last things of those that were added, in a memory of fixed size.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace lagg::aggregation {

/// The last `Capacity` things of those that were added.
template <typename Thing, size_t Capacity> class Ring {
  public:
    void add(const Thing &thing) {
        things_[added_ % Capacity] = thing;
        ++added_;
    }
    size_t size() const { return std::min(added_, Capacity); }
    /// 0 is the oldest.
    const Thing &at(size_t index) const { return things_[(added_ - size() + index) % Capacity]; }

  private:
    std::array<Thing, Capacity> things_{};
    size_t added_ = 0;
};

} // namespace lagg::aggregation
