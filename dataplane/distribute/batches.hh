// Packets on their way to the members of a lagg, a batch each, and how a burst is dealt out to
// them.
#pragma once

#include "dataplane/distribute/bucket_table.hh"

#include <array>
#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

/// Packets that a burst adds at most, and the size of a full batch.
inline constexpr size_t kFullBatch = 32;
/// Up to here the counts of the batches fit into one register, an octet each.
inline constexpr size_t kFewMembers = 8;

struct alignas(64) Batches {
    /// A packet's descriptor, whatever its owner calls the type.
    using Handle [[gnu::may_alias]] = void *;
    /// Room for a batch that is nearly full, and a burst.
    static constexpr size_t kRoom = 2 * kFullBatch;

    void add(size_t member, void *packet, uint16_t length) {
        octets[member] += length;
        packets[member][count[member]++] = packet;
    }

    uint8_t count[kMaxMembers] = {};
    /// What the packets of each batch add up to, so that no descriptor has to be read again for it:
    /// by the time a batch is sent it may have left the nearest cache.
    uint32_t octets[kMaxMembers] = {};
    Handle packets[kMaxMembers][kRoom];
};

/// Eight times the member of each bucket: how far its count is to be shifted, and an eighth of
/// where its packets begin in Batches, so that neither has to be worked out for every packet.
struct alignas(64) Rows {
    std::array<uint8_t, kBuckets> row;
    bool operator==(const Rows &) const = default;
};
/// Of a table; what it says of buckets without a member (BucketTable) means nothing.
Rows rows_of(const BucketTable &table);

/// Adds each packet to the batch of its bucket's member, in order; at most kFullBatch.
using DealFunction = void (*)(Batches &, const Rows &, const uint16_t *buckets,
                              void *const *packets, const uint16_t *lengths, size_t count);
/// Of this CPU, and BMI2 with it.
bool has_avx2();
/// For buckets that all have a member, whose index is below `members`.
DealFunction deal_function(size_t members, bool with_avx2 = has_avx2());

} // namespace lagg::distribute
