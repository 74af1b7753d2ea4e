// The scalar hash, which is the reference for every other way to compute it.
//
// Linear hashes (XOR, CRC, Toeplitz) cancel where source and destination count up together, and
// agree with the same hash in a switch above whatever the seed. So each step here multiplies two
// words to 128 bits and folds the halves: not linear, and every input bit reaches the high bits.
#include "dataplane/distribute/flow_hash.hh"

#include <bit>

namespace lagg::distribute {

namespace {

__extension__ using Wide = unsigned __int128;

// Numbers without structure: the fractional parts of the square roots of 2, 3, 5 and 7, the first
// one made odd so that no two seeds meet.
constexpr uint64_t kSeedFactor = 0x6a09e667f3bcc909;
constexpr uint64_t kLeft = 0xbb67ae8584caa73b;
constexpr uint64_t kRight = 0x3c6ef372fe94f82b;
constexpr uint64_t kFinish = 0xa54ff53a5f1d36f1;

uint64_t fold(uint64_t a, uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

/// The state enters both factors: a factor that an outsider could make zero would let him choose
/// where his packets go.
uint64_t absorb(uint64_t state, uint64_t a, uint64_t b) {
    return fold(a ^ state ^ kLeft, b ^ std::rotl(state, 29) ^ kRight);
}

// Little-endian on every machine, so that a seed means the same placement everywhere.
uint64_t load32(const uint8_t *at) {
    return uint32_t{at[0]} | uint32_t{at[1]} << 8 | uint32_t{at[2]} << 16 | uint32_t{at[3]} << 24;
}

uint64_t load64(const uint8_t *at) {
    return load32(at) | load32(at + 4) << 32;
}

uint64_t load_mac(const std::array<uint8_t, 6> &mac) {
    return load32(mac.data()) | uint64_t{mac[4]} << 32 | uint64_t{mac[5]} << 40;
}

uint64_t absorb_l2(uint64_t state, const frame::FlowKey &key) {
    return absorb(state, load_mac(key.destination_mac) | uint64_t{key.outer_vlan} << 48,
                  load_mac(key.source_mac) | uint64_t{key.inner_vlan} << 48);
}

/// IPv4 costs one product for addresses, protocol and ports together, IPv6 three.
uint64_t absorb_ip(uint64_t state, const frame::FlowKey &key, const Policy &policy) {
    uint64_t addresses = 0;
    uint64_t rest = 0;
    if (policy.l4) rest = uint64_t{key.source_port} << 16 | key.destination_port;
    if (policy.l3) {
        rest |= uint64_t{key.protocol} << 32;
        if (key.ip_version == 6) {
            state = absorb(state, load64(&key.source_ip[0]), load64(&key.source_ip[8]));
            state = absorb(state, load64(&key.destination_ip[0]), load64(&key.destination_ip[8]));
        } else {
            addresses = load32(&key.source_ip[0]) | load32(&key.destination_ip[0]) << 32;
        }
    }
    return absorb(state, addresses, rest);
}

} // namespace

uint32_t flow_hash(const frame::FlowKey &key, const Policy &policy) {
    const bool ip = key.ip_version != 0;
    uint64_t state = (policy.seed + uint64_t{1}) * kSeedFactor;
    if (policy.l2 || !ip) state = absorb_l2(state, key);
    if (!ip) state = absorb(state, key.ethertype, 0);
    if (ip && (policy.l3 || policy.l4)) state = absorb_ip(state, key, policy);
    // One product keeps counting inputs in step; the second breaks the step.
    return static_cast<uint32_t>(fold(state ^ kLeft, kFinish) >> 32);
}

} // namespace lagg::distribute
