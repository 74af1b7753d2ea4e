// Dealing out with AVX2, and with BMI2's shifts, which need no register of their own for the
// distance. Included where the compiler has been told that it may use them.
#pragma once

#include "dataplane/distribute/deal_kernel.hh"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <immintrin.h>

namespace lagg::distribute {

/// Of eight sums that of each member, its low half.
struct OneSum {
    alignas(32) uint8_t octets[kFewMembers * sizeof(__m256i)]{};
    constexpr OneSum() {
        for (size_t member = 0; member < kFewMembers; member++)
            for (size_t half = 0; half < 2; half++)
                octets[member * sizeof(__m256i) + member * 4 + half] = 0xff;
    }
};
inline constexpr OneSum kOneSum;

/// The octets of each batch, in one register. To store a sum for every packet would take as long as
/// all the rest.
class OctetsInRegister {
  public:
    [[gnu::always_inline]] OctetsInRegister(Batches &batches, const uint16_t *)
        : octets_(reinterpret_cast<__m256i *>(batches.octets)), sums_(_mm256_loadu_si256(octets_)) {
    }
    [[gnu::always_inline]] void add(size_t row, uint16_t length) {
        const __m256i only = _mm256_load_si256(reinterpret_cast<const __m256i *>(
            kOneSum.octets + row * (sizeof(__m256i) / kRowShift)));
        const __m256i everywhere = _mm256_set1_epi16(static_cast<short>(length));
        sums_ = _mm256_add_epi32(sums_, _mm256_and_si256(everywhere, only));
    }
    [[gnu::always_inline]] void finish(uint64_t) { _mm256_storeu_si256(octets_, sums_); }

  private:
    __m256i *octets_;
    __m256i sums_;
};

/// Eight batches have got so many packets of one length, an octet each.
[[gnu::always_inline]] inline void add_octets(uint32_t *octets, uint64_t packets, uint16_t length) {
    const __m256i eight = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<long long>(packets)));
    const __m256i added = _mm256_mullo_epi32(eight, _mm256_set1_epi32(length));
    auto *const sums = reinterpret_cast<__m256i *>(octets);
    _mm256_storeu_si256(sums, _mm256_add_epi32(_mm256_loadu_si256(sums), added));
}

/// The octets of few batches, where all packets of a burst have one length.
class OctetsOfOneLength {
  public:
    [[gnu::always_inline]] OctetsOfOneLength(Batches &batches, const uint16_t *lengths)
        : octets_(batches.octets), length_(lengths[0]) {}
    [[gnu::always_inline]] void add(size_t, uint16_t) {}
    [[gnu::always_inline]] void finish(uint64_t added) { add_octets(octets_, added, length_); }

  private:
    uint32_t *octets_;
    uint16_t length_;
};

/// Of a full burst.
[[gnu::always_inline]] inline bool all_have_one_length(const uint16_t *lengths) {
    static_assert(kFullBatch * sizeof *lengths == 2 * sizeof(__m256i));
    const auto *two = reinterpret_cast<const __m256i *>(lengths);
    const __m256i first = _mm256_set1_epi16(static_cast<short>(lengths[0]));
    const __m256i equal = _mm256_and_si256(_mm256_cmpeq_epi16(_mm256_loadu_si256(two), first),
                                           _mm256_cmpeq_epi16(_mm256_loadu_si256(two + 1), first));
    return _mm256_movemask_epi8(equal) == -1;
}

/// The octets of any number of batches, added behind the loop.
class OctetsBehind {
  public:
    [[gnu::always_inline]] explicit OctetsBehind(Batches &batches)
        : batches_(batches), before_(counts()) {}
    [[gnu::always_inline]] __m256i counts() const {
        return _mm256_load_si256(reinterpret_cast<const __m256i *>(batches_.count));
    }
    /// Of the first `members` batches.
    template <size_t members>
    [[gnu::always_inline]] void add(const Rows &rows, const uint16_t *buckets,
                                    const uint16_t *lengths, size_t count) {
        if (count != kFullBatch || !all_have_one_length(lengths)) [[unlikely]] {
            for (size_t i = 0; i < count; i++)
                batches_.octets[rows.row[buckets[i]] / kRowShift] += lengths[i];
            return;
        }
        const __m256i added = _mm256_sub_epi8(counts(), before_);
        add_eight<0>(added, lengths[0]);
        add_eight<1>(added, lengths[0]);
        if constexpr (members <= 2 * kFewMembers) return;
        add_eight<2>(added, lengths[0]);
        add_eight<3>(added, lengths[0]);
    }

  private:
    template <int i> [[gnu::always_inline]] void add_eight(__m256i added, uint16_t length) {
        add_octets(batches_.octets + 8 * i, static_cast<uint64_t>(_mm256_extract_epi64(added, i)),
                   length);
    }

    Batches &batches_;
    __m256i before_;
};

/// To at most kFewMembers.
struct FewAvx2 {
    [[gnu::always_inline]] static void deal(Batches &batches, const Rows &rows,
                                            const uint16_t *buckets, void *const *packets,
                                            const uint16_t *lengths, size_t count) {
        if (count == kFullBatch && all_have_one_length(lengths)) [[likely]]
            return deal_to_few<OctetsOfOneLength>(batches, rows, buckets, packets, lengths,
                                                  kFullBatch);
        deal_to_few<OctetsInRegister>(batches, rows, buckets, packets, lengths, count);
    }
};

/// To at most twice as many: their counts are the octets of two registers.
struct SomeAvx2 {
    [[gnu::always_inline]] static void deal(Batches &batches, const Rows &rows,
                                            const uint16_t *buckets, void *const *packets,
                                            const uint16_t *lengths, size_t count) {
        OctetsBehind octets(batches);
        Batches::Handle *const all = batches.packets[0];
        uint64_t low = 0;
        uint64_t high = 0;
        std::memcpy(&low, batches.count, sizeof low);
        std::memcpy(&high, batches.count + kFewMembers, sizeof high);
#pragma GCC unroll 4
        for (size_t i = 0; i < count; i++) {
            const uint64_t row = rows.row[buckets[i]];
            const uint64_t shift = row % 64;
            const bool is_high = row >= 64;
            all[row * 8 + ((is_high ? high : low) >> shift & 0xff)] = packets[i];
            const uint64_t one = uint64_t{1} << shift;
            const uint64_t to_high = is_high ? one : 0;
            high += to_high;
            low += one - to_high;
        }
        std::memcpy(batches.count, &low, sizeof low);
        std::memcpy(batches.count + kFewMembers, &high, sizeof high);
        octets.add<2 * kFewMembers>(rows, buckets, lengths, count);
    }
};

/// For each member 32 octets, of which that with its number is one.
struct OneMore {
    alignas(32) uint8_t octets[kMaxMembers * sizeof(__m256i)]{};
    constexpr OneMore() {
        for (size_t member = 0; member < kMaxMembers; member++)
            octets[member * sizeof(__m256i) + member] = 1;
    }
};
inline constexpr OneMore kOneMore;

/// To any number: the counts are the octets of a vector register, which is stored before each
/// packet, and the member's count read from there. All places are found before the first packet is
/// stored: the addresses of these stores are known late, and a load that looks as if it were from
/// one of them waits for it.
struct ManyAvx2 {
    [[gnu::always_inline]] static void deal(Batches &batches, const Rows &rows,
                                            const uint16_t *buckets, void *const *packets,
                                            const uint16_t *lengths, size_t count) {
        OctetsBehind octets(batches);
        alignas(32) uint8_t counts_before[kFullBatch][sizeof(__m256i)];
        uint16_t places[kFullBatch];
        __m256i counts = octets.counts();
#pragma GCC unroll 4
        for (size_t i = 0; i < count; i++) {
            const size_t row = rows.row[buckets[i]];
            _mm256_store_si256(reinterpret_cast<__m256i *>(counts_before[i]), counts);
            const auto *one = kOneMore.octets + row * (sizeof(__m256i) / kRowShift);
            counts =
                _mm256_add_epi8(counts, _mm256_load_si256(reinterpret_cast<const __m256i *>(one)));
            places[i] = static_cast<uint16_t>(row * 8 + counts_before[i][row / kRowShift]);
        }
        Batches::Handle *const all = batches.packets[0];
#pragma GCC unroll 4
        for (size_t i = 0; i < count; i++)
            all[places[i]] = packets[i];
        _mm256_store_si256(reinterpret_cast<__m256i *>(batches.count), counts);
        octets.add<kMaxMembers>(rows, buckets, lengths, count);
    }
};

} // namespace lagg::distribute
