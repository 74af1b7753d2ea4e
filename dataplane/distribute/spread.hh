// A burst of frames to member indices. The mode is chosen when the forwarding state is built; the
// functions here hold one loop each and no test of the mode.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/flow_hash.hh"

#include <array>
#include <cstdint>
#include <span>

namespace lagg::distribute {

/// The first contiguous bytes of one frame.
struct FrameView {
    const uint8_t *data;
    uint32_t length;
};

/// Immutable: what a burst needs to know. Part of the forwarding state.
struct Spread {
    BucketTable table = BucketTable::empty(); ///< hash modes
    FlowHash hash{};
    Policy policy{}; ///< that `hash` was made of
    /// Round robin and failover: the distributing members in order.
    std::array<uint8_t, kMaxMembers> live{};
    uint8_t live_count = 0;
    uint32_t stride = 1; ///< round robin: packets in a row on one member
    /// Weight of each member by index, without a common divisor; 0 where it is not live.
    std::array<uint32_t, kMaxMembers> weights{};
};

/// What one worker remembers between bursts; no other worker touches it.
struct Cursor {
    uint32_t position = 0; ///< index into live
    uint32_t left = 0;     ///< packets left of the stride; 0 means a new stride begins
};

/// Writes the member index of each frame, or kNoMember, to members[0..frames.size()).
using SpreadFunction = void (*)(const Spread &, Cursor &, std::span<const FrameView> frames,
                                uint8_t *members);

void spread_by_hash(const Spread &, Cursor &, std::span<const FrameView>, uint8_t *members);
void spread_round_robin(const Spread &, Cursor &, std::span<const FrameView>, uint8_t *members);
/// The first live member takes everything.
void spread_failover(const Spread &, Cursor &, std::span<const FrameView>, uint8_t *members);
void spread_nothing(const Spread &, Cursor &, std::span<const FrameView>, uint8_t *members);

} // namespace lagg::distribute
