// The loops over a burst, one for each way to distribute.
#include "dataplane/distribute/spread.hh"

#include "dataplane/frame/flow_key.hh"

#include <algorithm>
#include <cassert>

namespace lagg::distribute {

void spread_by_hash(const Spread &spread, Cursor &, std::span<const FrameView> frames,
                    uint8_t *members) {
    for (const FrameView &view : frames) {
        const frame::FlowKey key = key_of({view.data, view.length}, spread.policy);
        *members++ = spread.table.lookup(spread.hash(key));
    }
}

/// The cursor comes from another forwarding state when members or stride have just changed; what
/// no longer fits begins anew, and the rest goes on where it was.
void spread_round_robin(const Spread &spread, Cursor &cursor, std::span<const FrameView> frames,
                        uint8_t *members) {
    if (spread.live_count == 0) {
        std::fill_n(members, frames.size(), kNoMember);
        return;
    }
    assert(spread.stride > 0);
    if (cursor.position >= spread.live_count) cursor = {};
    cursor.left = std::min(cursor.left, spread.stride);
    for (size_t i = 0; i < frames.size(); i++) {
        if (cursor.left == 0) cursor.left = spread.stride;
        members[i] = spread.live[cursor.position];
        if (--cursor.left == 0 && ++cursor.position == spread.live_count) cursor.position = 0;
    }
}

void spread_failover(const Spread &spread, Cursor &, std::span<const FrameView> frames,
                     uint8_t *members) {
    std::fill_n(members, frames.size(), spread.live_count == 0 ? kNoMember : spread.live[0]);
}

void spread_nothing(const Spread &, Cursor &, std::span<const FrameView> frames, uint8_t *members) {
    std::fill_n(members, frames.size(), kNoMember);
}

} // namespace lagg::distribute
