// What lately happened on a port: transitions of its machines, and the slow-protocol frames that
// were sent and came, as they were. Fixed size: the oldest goes when a new one comes.
#pragma once

#include "lacp/events.hh"
#include "lacp/lacpdu.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

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

/// A change of one of the LACP core's machines, or of the link. Texts are static, as in
/// lacp::StateChanged.
struct KeptTransition {
    lacp::Time at;
    const char *machine = "";
    const char *from = "";
    const char *to = "";
    const char *reason = "";
};

enum class Direction : uint8_t { SENT, RECEIVED };

struct KeptFrame {
    /// As long as a LACPDU of version 1, with some octets more; what is behind them is cut off.
    static constexpr size_t kMost = 128;
    lacp::Time at;
    Direction direction = Direction::SENT;
    uint32_t length = 0; ///< of the whole frame, without FCS
    std::array<uint8_t, kMost> octets{};

    std::span<const uint8_t> kept() const {
        return std::span(octets).first(std::min<size_t>(length, kMost));
    }
};

class PortHistory {
  public:
    void add(lacp::Time at, const lacp::StateChanged &change);
    /// `told_by` says how the change was found out.
    void add_link(lacp::Time at, bool up, const char *told_by);
    void add(lacp::Time at, Direction direction, std::span<const uint8_t> frame);

    const Ring<KeptTransition, 64> &transitions() const { return transitions_; }
    const Ring<KeptFrame, 32> &frames() const { return frames_; }
    /// The last that came; kept apart, since many may be sent before the next one comes.
    const std::optional<lacp::Lacpdu> &last_received() const { return last_received_; }

  private:
    Ring<KeptTransition, 64> transitions_;
    Ring<KeptFrame, 32> frames_;
    std::optional<lacp::Lacpdu> last_received_;
};

/// "receive", "mux", ...: a machine as logs and records call it.
const char *to_text(lacp::StateChanged::Machine machine);

} // namespace lagg::aggregation
