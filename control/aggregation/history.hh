// What lately happened on a port: transitions of its machines, and the slow-protocol frames that
// were sent and came, as they were. Fixed size: the oldest goes when a new one comes.
#pragma once

#include "control/aggregation/partner_pace.hh"
#include "control/aggregation/ring.hh"
#include "lacp/events.hh"
#include "lacp/lacpdu.hh"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace lagg::aggregation {

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

/// LACPDUs that came with a VLAN tag, which makes them nobody's.
struct TaggedLacpdus {
    uint16_t vlan = 0; ///< of the last one's outer tag
    lacp::Time at;     ///< when that came
    uint64_t count = 0;
};

class PortHistory {
  public:
    void add(lacp::Time at, const lacp::StateChanged &change);
    /// `told_by` says how the change was found out.
    void add_link(lacp::Time at, bool up, const char *told_by);
    void add(lacp::Time at, Direction direction, std::span<const uint8_t> frame);
    /// A slow-protocol frame behind a VLAN tag.
    void add_tagged(lacp::Time at, std::span<const uint8_t> frame);

    const Ring<KeptTransition, 64> &transitions() const { return transitions_; }
    const Ring<KeptFrame, 32> &frames() const { return frames_; }
    /// The last that came; kept apart, since many may be sent before the next one comes.
    const std::optional<lacp::Lacpdu> &last_received() const { return last_received_; }
    /// Source address of that one's frame.
    const lacp::MacAddress &last_source() const { return last_source_; }
    const PartnerPace &pace() const { return pace_; }
    const TaggedLacpdus &tagged() const { return tagged_; }

  private:
    Ring<KeptTransition, 64> transitions_;
    Ring<KeptFrame, 32> frames_;
    std::optional<lacp::Lacpdu> last_received_;
    lacp::MacAddress last_source_{};
    PartnerPace pace_;
    TaggedLacpdus tagged_;
};

/// "receive", "mux", ...: a machine as logs and records call it.
const char *to_text(lacp::StateChanged::Machine machine);

} // namespace lagg::aggregation
