// What the workers need to know to forward: built by the protocol thread, published by pointer, never
// changed after. A worker reads one state for a whole round and lets go of it at the end.
#pragma once

#include "dataplane/distribute/spread.hh"
#include "dataplane/port/port.hh"

#include <array>
#include <cstdint>
#include <vector>

namespace lagg::worker {

inline constexpr size_t kMaxWorkers = 16;
inline constexpr size_t kMaxDevices = 32;
inline constexpr uint16_t kNoQueue = 0xffff;

struct Member {
    port::DeviceId device = port::kNoDevice; ///< none: the place is free
    bool collecting = false;   ///< frames received here go up
    bool distributing = false; ///< broadcast sends here; the other modes look at the spread
};

struct LaggForwarding {
    /// Where workers keep what they remember of this lagg: stable while the lagg exists.
    uint8_t slot = 0;
    port::DeviceId upper = port::kNoDevice;
    uint8_t member_count = 0; ///< places in `members` to look at; some may be free
    std::array<Member, distribute::kMaxMembers> members{};
    distribute::SpreadFunction choose = distribute::spread_nothing;
    distribute::Spread spread;
    bool broadcast = false;
    /// Queue of every device of this lagg that each worker polls, kNoQueue where it has none. All of a
    /// lagg's devices use the same queue number at one worker, so that no queue has two workers.
    std::array<uint16_t, kMaxWorkers> queue_of_worker;

    LaggForwarding() { queue_of_worker.fill(kNoQueue); }
};

struct ForwardingState {
    std::vector<LaggForwarding> laggs;
    /// For each device the worker that sends its slow-protocol frames (on that worker's queue of it),
    /// kMaxWorkers for none.
    std::array<uint8_t, kMaxDevices> slow_worker;
    std::array<uint16_t, kMaxDevices> slow_queue;

    ForwardingState();
};

/// Fills queue_of_worker of each lagg and the slow-frame senders. `queues[l]` is the number of queues that
/// all devices of laggs[l] have; laggs are laid over the workers in turn, so that their load is shared.
void assign_queues(ForwardingState &state, const std::vector<uint16_t> &queues, unsigned workers);

} // namespace lagg::worker
