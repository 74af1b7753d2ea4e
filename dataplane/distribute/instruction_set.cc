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
bool by_nic_hash(const Spread &spread, Cursor &cursor, const Packet *const *packets, size_t count,
                 uint8_t *members) {
    bool slow = false;
    for (size_t i = 0; i < count; i++) {
        const Packet &packet = *packets[i];
        uint32_t hash = 0;
        if ((packet.flags & Packet::kHasNicHash) != 0) [[likely]] {
            hash = mix_nic_hash(packet.nic_hash, spread.policy.seed);
        } else if (frame::is_slow_protocol(packet.bytes())) {
            members[i] = kSlowMember;
            slow = true;
            continue;
        } else {
            hash = kFastestKeyHash(spread.hash, key_of(packet.bytes(), spread.policy));
        }
        const size_t bucket = BucketTable::bucket_of(hash);
        members[i] = spread.table.member[bucket];
        cursor.buckets[i] = static_cast<uint16_t>(bucket);
    }
    return slow;
}

SpreadFunction header_hash(const FlowHash &hash, bool measured, InstructionSet set) {
    switch (set) {
    case InstructionSet::SCALAR: return by_hash_scalar(hash, measured);
    case InstructionSet::AES: return by_hash_aes(hash, measured);
    case InstructionSet::VAES: return by_hash_vaes(hash, measured);
    }
    return by_hash_scalar(hash, measured);
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

SpreadFunction spread_by_hash(const Policy &policy, bool measured, InstructionSet set) {
    return policy.nic ? by_nic_hash : header_hash(FlowHash(policy), measured, set);
}

KeyHash key_hash(InstructionSet set) {
    return set == InstructionSet::SCALAR ? key_hash_scalar : key_hash_aes;
}

} // namespace lagg::distribute
