// The reference: every packet is parsed, and its key hashed in plain C++.
#include "dataplane/distribute/hash_sets.hh"

namespace lagg::distribute {

namespace {

bool by_hash(const Spread &spread, const Packet *const *packets, size_t count, uint16_t *buckets) {
    bool slow = false;
    for (size_t i = 0; i < count; i++) {
        const std::span<const uint8_t> bytes = packets[i]->bytes();
        if (frame::stays_on_link(bytes)) {
            buckets[i] = kSlowBucket;
            slow = true;
            continue;
        }
        buckets[i] = BucketTable::bucket_of(spread.hash(key_of(bytes, spread.policy)));
    }
    return slow;
}

void hashes(const Spread &spread, const Packet *const *packets, size_t count, uint32_t *hashes) {
    for (size_t i = 0; i < count; i++) {
        const std::span<const uint8_t> bytes = packets[i]->bytes();
        hashes[i] = frame::stays_on_link(bytes) ? 0 : spread.hash(key_of(bytes, spread.policy));
    }
}

} // namespace

HashFunction hashes_scalar(const FlowHash &) {
    return hashes;
}

BucketFunction by_hash_scalar(const FlowHash &) {
    return by_hash;
}

} // namespace lagg::distribute
