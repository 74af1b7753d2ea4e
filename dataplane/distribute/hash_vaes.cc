// The hash with AVX2 and VAES: two packets an instruction.
#include "dataplane/distribute/hash_sets.hh"

#include <array>
#include <cstring>

#pragma GCC push_options
#pragma GCC target("avx2,bmi2,aes,vaes")

#include <immintrin.h>

#include "dataplane/distribute/hash_kernel.hh"

namespace lagg::distribute {

namespace {

struct Vaes {
    struct Four {
        __m256i low;  ///< packets 0 and 1
        __m256i high; ///< packets 2 and 3
    };

    static __m256i two(const uint8_t *a, const uint8_t *b) {
        const __m256i low =
            _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(a)));
        return _mm256_inserti128_si256(low, _mm_loadu_si128(reinterpret_cast<const __m128i *>(b)),
                                       1);
    }
    static Four load(const uint8_t *a, const uint8_t *b, const uint8_t *c, const uint8_t *d) {
        return {two(a, b), two(c, d)};
    }
    static Four all(const Block &block) {
        const __m256i both = _mm256_broadcastsi128_si256(
            _mm_loadu_si128(reinterpret_cast<const __m128i *>(block.data())));
        return {both, both};
    }
    static Four bit_and(Four a, Four b) {
        return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
    }
    static Four bit_xor(Four a, Four b) {
        return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
    }
    static Four add(Four a, Four b) {
        return {_mm256_add_epi64(a.low, b.low), _mm256_add_epi64(a.high, b.high)};
    }
    static Four aes(Four a, Four key) {
        return {_mm256_aesenc_epi128(a.low, key.low), _mm256_aesenc_epi128(a.high, key.high)};
    }
    static Four shuffle(Four a, Four order) {
        return {_mm256_shuffle_epi8(a.low, order.low), _mm256_shuffle_epi8(a.high, order.high)};
    }
    /// Every 8 octets equal those of `either` or of `other`.
    static bool equals(Four a, Four either, Four other) {
        const __m256i low = _mm256_or_si256(_mm256_cmpeq_epi64(a.low, either.low),
                                            _mm256_cmpeq_epi64(a.low, other.low));
        const __m256i high = _mm256_or_si256(_mm256_cmpeq_epi64(a.high, either.high),
                                             _mm256_cmpeq_epi64(a.high, other.high));
        const __m256i both = _mm256_and_si256(low, high);
        return _mm256_movemask_epi8(both) == -1;
    }
    /// The 12 bits of each state that choose the bucket.
    static void top12(Four a, uint32_t *out) {
        const __m256i low = _mm256_srli_epi32(a.low, 20);
        const __m256i high = _mm256_srli_epi32(a.high, 20);
        out[0] = lane(_mm256_castsi256_si128(low));
        out[1] = lane(_mm256_extracti128_si256(low, 1));
        out[2] = lane(_mm256_castsi256_si128(high));
        out[3] = lane(_mm256_extracti128_si256(high, 1));
    }
    static uint32_t lane(__m128i state) { return static_cast<uint32_t>(_mm_cvtsi128_si32(state)); }
    static uint32_t hash(const FlowHash &hash, const frame::FlowKey &key) {
        return key_hash_aes(hash, key);
    }
};

} // namespace

SpreadFunction by_hash_vaes(const FlowHash &hash, bool measured) {
    return HashKernels<Vaes>::choose(hash, measured);
}

} // namespace lagg::distribute

#pragma GCC pop_options
