// How a burst is dealt out. What makes this slow in the plain way is a counter in memory that is
// read right after it was written: with few members nearly every packet waits for the one before.
#include "dataplane/distribute/batches.hh"

#include <cstring>

namespace lagg::distribute {

namespace {

// For many members a packet seldom meets the counter of the one before. The places of four packets
// are found first and then stored, since a load may have to wait for the addresses of the stores
// before it.
void deal_many(Batches &batches, const uint8_t *members, void *const *packets,
               const uint16_t *lengths, size_t count) {
    constexpr size_t kGroup = 4;
    Batches::Handle *const all = batches.packets[0];
    uint16_t *const octets = batches.octets[0];
    size_t i = 0;
    for (; i + kGroup <= count; i += kGroup) {
        size_t place[kGroup];
        void *packet[kGroup];
        uint16_t length[kGroup];
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++) {
            const size_t member = members[i + k];
            packet[k] = packets[i + k];
            length[k] = lengths[i + k];
            place[k] = member * Batches::kRoom + batches.count[member]++;
        }
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++) {
            all[place[k]] = packet[k];
            octets[place[k]] = length[k];
        }
    }
    for (; i < count; i++)
        batches.add(members[i], packets[i], lengths[i]);
}

/// The counts of few members are the octets of one register.
[[gnu::always_inline]] inline void deal_in_register(Batches &batches, const uint8_t *members,
                                                    void *const *packets, const uint16_t *lengths,
                                                    size_t count) {
    static_assert(Batches::kRoom == 64, "a count and a member's place share no bit");
    Batches::Handle *const all = batches.packets[0];
    uint16_t *const octets = batches.octets[0];
    uint64_t counts = 0;
    std::memcpy(&counts, batches.count, sizeof counts);
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++) {
        const uint64_t shift = uint64_t{members[i]} * 8;
        const size_t place = shift * 8 + (counts >> shift & 0xff);
        octets[place] = lengths[i];
        all[place] = packets[i];
        counts += uint64_t{1} << shift;
    }
    std::memcpy(batches.count, &counts, sizeof counts);
}

void deal_few(Batches &batches, const uint8_t *members, void *const *packets,
              const uint16_t *lengths, size_t count) {
    deal_in_register(batches, members, packets, lengths, count);
}

/// The same with shifts that need no register of their own for the distance.
[[gnu::target("bmi2")]] void deal_few_bmi2(Batches &batches, const uint8_t *members,
                                           void *const *packets, const uint16_t *lengths,
                                           size_t count) {
    deal_in_register(batches, members, packets, lengths, count);
}

} // namespace

DealFunction deal_function(size_t members, bool with_bmi2) {
    if (members > kFewMembers) return deal_many;
    return with_bmi2 ? deal_few_bmi2 : deal_few;
}

} // namespace lagg::distribute
