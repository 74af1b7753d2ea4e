// The hash with AVX2 and VAES: two packets an instruction.
#include "dataplane/distribute/hash_sets.hh"

#include <array>
#include <cstring>

#pragma GCC push_options
#pragma GCC target("avx2,bmi2,aes,vaes")

#include <immintrin.h>

#include "dataplane/distribute/aes_one.hh"
#include "dataplane/distribute/deal_avx2.hh"
#include "dataplane/distribute/hash_kernel.hh"

namespace lagg::distribute {

namespace {

struct Vaes {
    static constexpr size_t kPackets = 4;
    using One = AesOne;
    struct Group {
        __m256i low;  ///< packets 0 and 2
        __m256i high; ///< packets 1 and 3
    };

    static __m256i two(const uint8_t *a, const uint8_t *b) {
        const __m256i low =
            _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(a)));
        return _mm256_inserti128_si256(low, _mm_loadu_si128(reinterpret_cast<const __m128i *>(b)),
                                       1);
    }
    static Group load(const uint8_t *const *at, size_t offset) {
        return {two(at[0] + offset, at[2] + offset), two(at[1] + offset, at[3] + offset)};
    }
    /// The same 16 octets for every packet.
    static Group same(const uint8_t *at) {
        const __m256i both =
            _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(at)));
        return {both, both};
    }
    static Group all(const Block &block) { return same(block.data()); }
    static Group bit_and(Group a, Group b) {
        return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)};
    }
    static Group bit_xor(Group a, Group b) {
        return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)};
    }
    static Group add(Group a, Group b) {
        return {_mm256_add_epi64(a.low, b.low), _mm256_add_epi64(a.high, b.high)};
    }
    static Group aes(Group a, Group key) {
        return {_mm256_aesenc_epi128(a.low, key.low), _mm256_aesenc_epi128(a.high, key.high)};
    }
    static Group shuffle(Group a, Group order) {
        return {_mm256_shuffle_epi8(a.low, order.low), _mm256_shuffle_epi8(a.high, order.high)};
    }
    /// Every 4 octets equal those of `either` or of `other`.
    static bool equals(Group a, Group either, Group other) {
        const __m256i both = _mm256_and_si256(is_either(a.low, either.low, other.low),
                                              is_either(a.high, either.high, other.high));
        return _mm256_movemask_epi8(both) == -1;
    }

    /// Two of the four 4-octet parts of each packet.
    using Halves = __m256i;
    template <int i, int j> static Halves parts(Group a) {
        return _mm256_castps_si256(_mm256_shuffle_ps(
            _mm256_castsi256_ps(a.low), _mm256_castsi256_ps(a.high), _MM_SHUFFLE(j, i, j, i)));
    }
    static Halves bit_and(Halves a, Halves b) { return _mm256_and_si256(a, b); }
    static bool equals(Halves a, Halves either, Halves other) {
        return _mm256_movemask_epi8(is_either(a, either, other)) == -1;
    }

    static void store_hashes(Group a, uint32_t *hashes) {
        _mm_storeu_si128(reinterpret_cast<__m128i *>(hashes), hashes_of(a));
    }
    /// The 12 bits of each hash that choose the bucket.
    static void store_buckets(Group a, uint16_t *buckets) {
        const __m128i top12 = _mm_srli_epi32(hashes_of(a), 20);
        _mm_storel_epi64(reinterpret_cast<__m128i *>(buckets), _mm_packus_epi32(top12, top12));
    }
    static uint32_t hash(const FlowHash &hash, const frame::FlowKey &key) {
        return key_hash_aes(hash, key);
    }

  private:
    /// The first 32 bits of each state, in order.
    static __m128i hashes_of(Group a) {
        const __m256i four = _mm256_unpacklo_epi32(a.low, a.high);
        return _mm_unpacklo_epi64(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    }
    static __m256i is_either(__m256i a, __m256i either, __m256i other) {
        return _mm256_or_si256(_mm256_cmpeq_epi32(a, either), _mm256_cmpeq_epi32(a, other));
    }
};

} // namespace

BucketFunction by_hash_vaes(const FlowHash &hash) {
    return HashKernels<Vaes>::choose(hash);
}

HashFunction hashes_vaes(const FlowHash &hash) {
    return HashKernels<Vaes>::choose_hashes(hash);
}

SpreadFunction spread_by_hash_vaes(const FlowHash &hash, size_t members) {
    if (members <= kFewMembers) return HashKernels<Vaes>::choose_spread<FewAvx2>(hash);
    if (members <= 2 * kFewMembers) return HashKernels<Vaes>::choose_spread<SomeAvx2>(hash);
    return HashKernels<Vaes>::choose_spread<ManyAvx2>(hash);
}

} // namespace lagg::distribute

#pragma GCC pop_options
