// What the workers need to know to forward: built by the protocol thread, published by pointer,
// never changed after. A worker reads one state for a whole round and lets go of it at the end.
#pragma once

#include "dataplane/base/mode.hh"
#include "dataplane/bpf/program.hh"
#include "dataplane/bpf/rules.hh"
#include "dataplane/distribute/batches.hh"
#include "dataplane/distribute/spread.hh"
#include "dataplane/port/port.hh"
#include "dataplane/upper/upper.hh"

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <vector>

namespace lagg::worker {

inline constexpr size_t kMaxWorkers = 16;
inline constexpr size_t kMaxDevices = 32;
inline constexpr size_t kMaxLaggs = 32;
inline constexpr uint16_t kNoQueue = 0xffff;

/// Number of a place where frames are counted: that of an ethdev, and above all of those one for
/// the upper side of each lagg by its slot, where that is no ethdev.
using EndpointId = uint16_t;
inline constexpr size_t kMaxEndpoints = kMaxDevices + kMaxLaggs;
constexpr EndpointId upper_endpoint(uint8_t lagg_slot) {
    return static_cast<EndpointId>(kMaxDevices + lagg_slot);
}

struct Member {
    port::DeviceId device = port::kNoDevice; ///< none: the place is free
    uint16_t queues = 1;                     ///< that are received from
    uint16_t rx_descriptors = 0;             ///< frames a receive queue of it can hold
    bool collecting = false;                 ///< frames received here go up
    bool distributing = false; ///< broadcast sends here; the other modes look at the spread
    /// Without a link no slow-protocol frame is sent, and those that still wait for the device are
    /// dropped: one that is old when the link comes back would be a lie.
    bool link_up = true;
    bool frees_fast = false; ///< port::Port::frees_fast()
    bool operator==(const Member &) const = default;
};

/// What a lagg's mode comes down to for the members there are; a burst asks once.
enum class Way {
    NOWHERE,
    ONE_MEMBER,  ///< spread.live[0]
    ALL_MEMBERS, ///< a copy each
    TURNS,       ///< spread.turns, one packet each, and each member once
    STRIDES,     ///< spread.turns, spread.stride packets each
    BUCKETS,     ///< the table says, by the bucket of every packet
    STEERED,     ///< a program or rules say, and the table for the rest
};

struct LaggForwarding {
    /// Where workers keep what they remember of this lagg: stable while the lagg exists.
    uint8_t slot = 0;
    upper::Endpoint upper;
    uint8_t member_count = 0; ///< places in `members` to look at; some may be free
    std::array<Member, distribute::kMaxMembers> members{};
    Mode mode = Mode::NONE;
    distribute::Spread spread;
    /// Of hash laggs: decides in the place of spread.hash; none: the hash does.
    std::shared_ptr<const bpf::Program> program;
    /// Of hash laggs: asked after the hash or the program, and stronger.
    std::vector<bpf::Rule> rules;
    // The next nine are choose_way()'s.
    Way way = Way::NOWHERE;
    distribute::BucketFunction find_buckets = nullptr;
    distribute::HashFunction find_hashes = nullptr; ///< for programs that read them
    distribute::DealFunction deal = nullptr;
    /// Both in one go; nullptr where something is to be done between them.
    distribute::SpreadFunction spread_packets = nullptr;
    distribute::Rows rows{};        ///< of spread.table; where `odd_buckets` is false
    bool odd_buckets = false;       ///< some of the table lead to no live member
    bool keeps_slow_frames = false; ///< of clients; modes that read headers drop them
    uint32_t distributing = 0;      ///< members, a bit each; for rules and broadcast
    /// Workers count what each bucket carries (BucketLoads), for the rebalancer.
    bool measure = false;
    /// Some buckets are held; a worker without room for more of their frames leaves the upper
    /// device alone.
    bool holding = false;
    /// Workers that serve this lagg: as many as its device with the fewest queues has.
    uint16_t share = 1;
    /// The queue of every device that each worker sends on, kNoQueue where it does not serve the
    /// lagg. It receives from this one and from every share-th after it, so that no queue goes
    /// unread where a device has more of them, and none has two workers.
    std::array<uint16_t, kMaxWorkers> queue_of_worker;

    LaggForwarding() { queue_of_worker.fill(kNoQueue); }
    bool operator==(const LaggForwarding &) const = default;
};

struct ForwardingState {
    std::vector<LaggForwarding> laggs;
    /// Tells states apart that came to lie at the same address.
    uint64_t generation = 0;
    /// For each device the worker that sends on its queue 0, and with it the slow-protocol frames;
    /// kMaxWorkers for none. The next worker sends on queue 1, and so on.
    std::array<uint8_t, kMaxDevices> slow_worker;
    /// Queues of each device that workers send slow-protocol frames on; none while its link is
    /// down.
    std::array<uint16_t, kMaxDevices> slow_queues;
    /// Devices whose drivers need all frames from the packet pool.
    std::bitset<kMaxDevices> frees_fast;
    uint8_t workers = 1;

    ForwardingState();
};

/// Decides how the members that are live share the packets.
void choose_way(LaggForwarding &lagg);

/// Fills queue_of_worker of each lagg and the slow-frame senders. Laggs are laid over the workers
/// by their slots, so that a lagg stays where it is while others come and go. Laggs in `held` get
/// no worker at all.
void assign_queues(ForwardingState &state, unsigned workers, const std::vector<uint8_t> &held = {});

} // namespace lagg::worker
