// Dealing to few members: written once, compiled for each instruction set.
#pragma once

#include "dataplane/distribute/batches.hh"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lagg::distribute {

inline constexpr size_t kRowShift = 8; ///< of one member's row (Rows)

/// The counts of few members are the octets of one register.
template <class Octets>
[[gnu::always_inline]] inline void deal_in_register(Batches &batches, const Rows &rows,
                                                    const uint16_t *buckets, const Dealt &dealt) {
    const auto [packets, lengths, count] = dealt;
    Batches::Handle *const all = batches.packets[0];
    Octets octets(batches);
    uint64_t counts = 0;
    std::memcpy(&counts, batches.count, sizeof counts);
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++) {
        const uint64_t row = rows.row[buckets[i]];
        all[row * 8 + (counts >> row & 0xff)] = packets[i];
        octets.add(row, lengths[i]);
        counts += uint64_t{1} << row;
    }
    octets.finish();
    std::memcpy(batches.count, &counts, sizeof counts);
}

/// For few members.
void deal_few_avx2(Batches &, const Rows &, const uint16_t *buckets, const Dealt &);

} // namespace lagg::distribute
