// A burst of packets to buckets, or to members by turns. The mode is chosen when the forwarding
// state is built; the functions here hold one loop each and no test of the mode.
#pragma once

#include "dataplane/distribute/batches.hh"
#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/flow_hash.hh"
#include "dataplane/distribute/packet.hh"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace lagg::distribute {

/// Packets that a function takes at once.
inline constexpr size_t kMostPackets = 256;

/// Immutable: what a burst needs to know. Part of the forwarding state.
struct Spread {
    BucketTable table = BucketTable::empty(); ///< hash modes
    FlowHash hash{};
    Policy policy{}; ///< that `hash` was made of
    /// The distributing members in order; failover's first one is the active one.
    std::array<uint8_t, kMaxMembers> live{};
    uint8_t live_count = 0;
    uint32_t stride = 1; ///< round robin: packets in a row on one member
    /// Weight of each member by index, without a common divisor; 0 where it is not live.
    std::array<uint32_t, kMaxMembers> weights{};
    /// Round robin: whose turn it is, one after the other (plan_turns).
    std::vector<uint8_t> turns;
    bool operator==(const Spread &) const = default;
};

/// What one worker remembers between bursts; no other worker touches it.
struct Cursor {
    uint32_t position = 0; ///< index into turns
    uint32_t left = 0;     ///< packets left of the stride; 0 means a new stride begins
};

/// Writes the bucket of each packet, or kSlowBucket, to buckets[0..count); at most kMostPackets.
/// True when kSlowBucket is among them: a frame of slow protocols or MAC control, which must not
/// leave the engine.
using BucketFunction = bool (*)(const Spread &, const Packet *const *packets, size_t count,
                                uint16_t *buckets);

/// Writes the hash that the bucket of each packet is taken from, as the headers say, or 0 for a
/// slow-protocol frame; at most kMostPackets.
using HashFunction = void (*)(const Spread &, const Packet *const *packets, size_t count,
                              uint32_t *hashes);

/// Finds the buckets as well, and then deals the packets out (DealFunction). False where
/// kSlowBucket is among them: then the buckets are all that was written.
using SpreadFunction = bool (*)(const Spread &, const Rows &, void *const *packets,
                                const uint16_t *lengths, size_t count, uint16_t *buckets,
                                Batches &);

/// The turns of round robin: each live member as often as its weight says, as evenly mixed as that
/// allows. Weights are brought down to at most 1024 turns in all.
std::vector<uint8_t> plan_turns(std::span<const uint8_t> live, std::span<const uint32_t> weights);

/// Writes the members of the next `count` packets: by `turns`, of which there are some, `stride`
/// packets each.
void spread_round_robin(const Spread &, Cursor &, size_t count, uint8_t *members);

} // namespace lagg::distribute
