// Packets on their way to the members of a lagg, a batch each, and how a burst is dealt out to
// them.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/instruction_set.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

/// Packets that a burst adds at most, and the size of a full batch.
inline constexpr size_t kFullBatch = 32;

struct alignas(64) Batches {
    /// A packet's descriptor, whatever its owner calls the type.
    using Handle [[gnu::may_alias]] = void *;
    /// Room for a batch that is nearly full, a burst, and what a vector store writes behind its
    /// end.
    static constexpr size_t kRoom = 2 * kFullBatch + 8;

    Batches() {
        for (size_t m = 0; m < kMaxMembers; m++)
            end[m] = begin(m);
    }
    Handle *begin(size_t member) { return packets[member]; }
    size_t count(size_t member) { return static_cast<size_t>(end[member] - begin(member)); }
    void add(size_t member, void *packet) { *end[member]++ = packet; }
    void clear(size_t member) { end[member] = begin(member); }

    /// Where the next packet of each member is put.
    Handle *end[kMaxMembers];
    Handle packets[kMaxMembers][kRoom];
};

/// Adds each of at most kFullBatch packets to the batch of its member, in order. All members are
/// below the number that the function was chosen for.
using ScatterFunction = void (*)(Batches &, const uint8_t *members, void *const *packets,
                                 size_t count);
ScatterFunction scatter_function(size_t members, InstructionSet set = supported_sets().back());

} // namespace lagg::distribute
