// The reference: every packet is parsed, and its key hashed in plain C++.
#include "dataplane/distribute/hash_sets.hh"

namespace lagg::distribute {

namespace {

bool by_hash(const Spread &spread, Cursor &cursor, const Packet *const *packets, size_t count,
             uint8_t *members) {
    bool slow = false;
    for (size_t i = 0; i < count; i++) {
        const std::span<const uint8_t> bytes = packets[i]->bytes();
        if (frame::is_slow_protocol(bytes)) {
            members[i] = kSlowMember;
            slow = true;
            continue;
        }
        const size_t bucket = BucketTable::bucket_of(spread.hash(key_of(bytes, spread.policy)));
        members[i] = spread.table.member[bucket];
        cursor.buckets[i] = static_cast<uint16_t>(bucket);
    }
    return slow;
}

} // namespace

SpreadFunction by_hash_scalar(const FlowHash &, bool) {
    return by_hash;
}

} // namespace lagg::distribute
