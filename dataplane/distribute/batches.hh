// Packets on their way to the members of a lagg, a batch each, and how a burst is dealt out to
// them.
#pragma once

#include "dataplane/distribute/bucket_table.hh"

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
        const uint8_t at = count[member]++;
        packets[member][at] = packet;
        octets[member][at] = length;
    }
    /// Of the first `length` packets of the member's batch.
    uint64_t total_octets(size_t member, size_t length) const {
        uint32_t sum = 0;
        for (size_t i = 0; i < length; i++)
            sum += octets[member][i];
        return sum;
    }

    uint8_t count[kMaxMembers] = {};
    Handle packets[kMaxMembers][kRoom];
    /// The length of each packet, so that no descriptor has to be read again for it: by the time a
    /// batch is sent it may have left the nearest cache.
    uint16_t octets[kMaxMembers][kRoom];
};

/// Adds each of at most kFullBatch packets to the batch of its member, in order.
using DealFunction = void (*)(Batches &, const uint8_t *members, void *const *packets,
                              const uint16_t *lengths, size_t count);
/// For members whose indices are below that number; with the instructions of BMI2, where this CPU
/// has them.
DealFunction deal_function(size_t members, bool with_bmi2 = __builtin_cpu_supports("bmi2"));

} // namespace lagg::distribute
