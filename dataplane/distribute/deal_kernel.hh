// Dealing to few members, written once and compiled for each instruction set, and where the other
// ways are.
#pragma once

#include "dataplane/distribute/batches.hh"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lagg::distribute {

inline constexpr size_t kRowShift = 8; ///< of one member's row (Rows)

/// The counts of few members are the octets of one register. A counter in memory that is read right
/// after it was written makes nearly every packet wait for the one before.
template <class Octets>
[[gnu::always_inline]] inline void deal_to_few(Batches &batches, const Rows &rows,
                                               const uint16_t *buckets, void *const *packets,
                                               const uint16_t *lengths, size_t count) {
    Batches::Handle *const all = batches.packets[0];
    Octets octets(batches, lengths);
    uint64_t counts = 0;
    std::memcpy(&counts, batches.count, sizeof counts);
    const uint64_t before = counts;
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++) {
        const uint64_t row = rows.row[buckets[i]];
        all[row * 8 + (counts >> row & 0xff)] = packets[i];
        octets.add(row, lengths[i]);
        counts += uint64_t{1} << row;
    }
    std::memcpy(batches.count, &counts, sizeof counts);
    octets.finish(counts - before);
}

// With AVX2: to at most kFewMembers, to twice as many, to any number.
void deal_few_avx2(Batches &, const Rows &, const uint16_t *buckets, void *const *packets,
                   const uint16_t *lengths, size_t count);
void deal_some_avx2(Batches &, const Rows &, const uint16_t *buckets, void *const *packets,
                    const uint16_t *lengths, size_t count);
void deal_many_avx2(Batches &, const Rows &, const uint16_t *buckets, void *const *packets,
                    const uint16_t *lengths, size_t count);

} // namespace lagg::distribute
