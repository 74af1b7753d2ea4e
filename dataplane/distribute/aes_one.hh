// One packet with AES-NI. Included where the compiler has been told that it may use it.
#pragma once

#include "dataplane/distribute/flow_hash.hh"

#include <cstddef>
#include <cstdint>
#include <immintrin.h>

namespace lagg::distribute {

struct AesOne {
    static constexpr size_t kPackets = 1;
    using Group = __m128i;
    /// All four 4-octet parts of the packet.
    using Halves = __m128i;

    static Group same(const uint8_t *at) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i *>(at));
    }
    static Group load(const uint8_t *const *at, size_t offset) { return same(at[0] + offset); }
    static Group all(const Block &block) { return same(block.data()); }
    static Group bit_and(Group a, Group b) { return _mm_and_si128(a, b); }
    static Group bit_xor(Group a, Group b) { return _mm_xor_si128(a, b); }
    static Group add(Group a, Group b) { return _mm_add_epi64(a, b); }
    static Group aes(Group a, Group key) { return _mm_aesenc_si128(a, key); }
    static Group shuffle(Group a, Group order) { return _mm_shuffle_epi8(a, order); }
    /// Every 4 octets equal those of `either` or of `other`.
    static bool equals(Group a, Group either, Group other) {
        const __m128i equal = _mm_or_si128(_mm_cmpeq_epi32(a, either), _mm_cmpeq_epi32(a, other));
        return _mm_movemask_epi8(equal) == 0xffff;
    }
    template <int, int> static Halves parts(Group a) { return a; }
    static void store_hashes(Group a, uint32_t *hash) {
        *hash = static_cast<uint32_t>(_mm_cvtsi128_si32(a));
    }
    static void store_buckets(Group a, uint16_t *bucket) {
        *bucket = static_cast<uint16_t>(static_cast<uint32_t>(_mm_cvtsi128_si32(a)) >> 20);
    }
};

} // namespace lagg::distribute
