// How a burst is dealt out by any CPU, and which way is the best for the one at hand.
#include "dataplane/distribute/batches.hh"

#include "dataplane/distribute/deal_kernel.hh"

namespace lagg::distribute {

namespace {

static_assert((kMaxMembers - 1) * kRowShift < 256, "a row is told in an octet");
static_assert(Batches::kRoom == kRowShift * 8, "a row is an eighth of a place");

// With many members a packet seldom meets the counter of the one before. The places of four packets
// are found first and then stored, since a load may have to wait for the addresses of the stores
// before it.
void deal_many(Batches &batches, const Rows &rows, const uint16_t *buckets, void *const *packets,
               const uint16_t *lengths, size_t count) {
    constexpr size_t kGroup = 4;
    Batches::Handle *const all = batches.packets[0];
    size_t i = 0;
    for (; i + kGroup <= count; i += kGroup) {
        size_t place[kGroup];
        void *packet[kGroup];
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++) {
            const size_t row = rows.row[buckets[i + k]];
            const size_t member = row / kRowShift;
            packet[k] = packets[i + k];
            place[k] = row * 8 + batches.count[member]++;
            batches.octets[member] += lengths[i + k];
        }
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++)
            all[place[k]] = packet[k];
    }
    for (; i < count; i++)
        batches.add(rows.row[buckets[i]] / kRowShift, packets[i], lengths[i]);
}

/// The octets of each batch, as they are.
class OctetsInMemory {
  public:
    OctetsInMemory(Batches &batches, const uint16_t *) : octets_(batches.octets) {}
    void add(size_t row, uint16_t length) { octets_[row / kRowShift] += length; }
    void finish(uint64_t) {}

  private:
    uint32_t *octets_;
};

void deal_few(Batches &batches, const Rows &rows, const uint16_t *buckets, void *const *packets,
              const uint16_t *lengths, size_t count) {
    deal_to_few<OctetsInMemory>(batches, rows, buckets, packets, lengths, count);
}

} // namespace

Rows rows_of(const BucketTable &table) {
    Rows rows;
    for (size_t bucket = 0; bucket < kBuckets; bucket++)
        rows.row[bucket] = static_cast<uint8_t>(table.member[bucket] * kRowShift);
    return rows;
}

bool has_avx2() {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

DealFunction deal_function(size_t members, bool with_avx2) {
    if (members > kFewMembers && with_avx2)
        return members > 2 * kFewMembers ? deal_many_avx2 : deal_some_avx2;
    if (members > kFewMembers) return deal_many;
    return with_avx2 ? deal_few_avx2 : deal_few;
}

} // namespace lagg::distribute
