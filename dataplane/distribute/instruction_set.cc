#include "dataplane/distribute/instruction_set.hh"

#include "dataplane/distribute/hash_sets.hh"

#include <vector>

namespace lagg::distribute {

namespace {

uint32_t key_hash_scalar(const FlowHash &hash, const frame::FlowKey &key) {
    return hash(key);
}

const KeyHash kFastestKeyHash = key_hash();

/// No header is read where the NIC has hashed the frame. It never does for slow-protocol frames.
bool by_nic_hash(const Spread &spread, const Packet *const *packets, size_t count,
                 uint16_t *buckets) {
    bool slow = false;
    for (size_t i = 0; i < count; i++) {
        const Packet &packet = *packets[i];
        uint32_t hash = 0;
        if ((packet.flags & Packet::kHasNicHash) != 0) [[likely]] {
            hash = mix_nic_hash(packet.nic_hash, spread.policy.seed);
        } else if (frame::stays_on_link(packet.bytes())) {
            buckets[i] = kSlowBucket;
            slow = true;
            continue;
        } else {
            hash = kFastestKeyHash(spread.hash, key_of(packet.bytes(), spread.policy));
        }
        buckets[i] = BucketTable::bucket_of(hash);
    }
    return slow;
}

BucketFunction header_hash(const FlowHash &hash, InstructionSet set) {
    switch (set) {
    case InstructionSet::SCALAR: return by_hash_scalar(hash);
    case InstructionSet::AES: return by_hash_aes(hash);
    case InstructionSet::VAES: return by_hash_vaes(hash);
    }
    return by_hash_scalar(hash);
}

std::vector<InstructionSet> find_sets() {
    std::vector<InstructionSet> sets{InstructionSet::SCALAR};
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("sse4.2")) return sets;
    sets.push_back(InstructionSet::AES);
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") ||
        !__builtin_cpu_supports("vaes"))
        return sets;
    sets.push_back(InstructionSet::VAES);
    return sets;
}

} // namespace

const char *to_text(InstructionSet set) {
    switch (set) {
    case InstructionSet::SCALAR: return "scalar";
    case InstructionSet::AES: return "AES-NI";
    case InstructionSet::VAES: return "AVX2 and VAES";
    }
    return "";
}

std::span<const InstructionSet> supported_sets() {
    static const std::vector<InstructionSet> sets = find_sets();
    return sets;
}

BucketFunction bucket_function(const Policy &policy, InstructionSet set) {
    return policy.nic ? by_nic_hash : header_hash(FlowHash(policy), set);
}

HashFunction hash_function(const Policy &policy, InstructionSet set) {
    const FlowHash hash(policy);
    switch (set) {
    case InstructionSet::SCALAR: return hashes_scalar(hash);
    case InstructionSet::AES: return hashes_aes(hash);
    case InstructionSet::VAES: return hashes_vaes(hash);
    }
    return hashes_scalar(hash);
}

SpreadFunction spread_function(const Policy &policy, size_t members, InstructionSet set) {
    if (policy.nic || set != InstructionSet::VAES) return nullptr;
    return spread_by_hash_vaes(FlowHash(policy), members);
}

KeyHash key_hash(InstructionSet set) {
    return set == InstructionSet::SCALAR ? key_hash_scalar : key_hash_aes;
}

} // namespace lagg::distribute
