// Dealing to few members with AVX2, and with BMI2's shifts, which need no register of their own for
// the distance.
#include <cstddef>
#include <cstdint>
#include <cstring>

#pragma GCC push_options
#pragma GCC target("avx2,bmi2")

#include <immintrin.h>

#include "dataplane/distribute/deal_kernel.hh"

namespace lagg::distribute {

namespace {

/// Of eight sums that of each member, its low half.
struct OneSum {
    alignas(32) uint8_t octets[kFewMembers * sizeof(__m256i)]{};
    constexpr OneSum() {
        for (size_t member = 0; member < kFewMembers; member++)
            for (size_t half = 0; half < 2; half++)
                octets[member * sizeof(__m256i) + member * 4 + half] = 0xff;
    }
};
constexpr OneSum kOneSum;

/// The octets of each batch, in one register. To store a sum for every packet would take as long as
/// all the rest.
class OctetsInRegister {
  public:
    [[gnu::always_inline]] explicit OctetsInRegister(Batches &batches)
        : octets_(reinterpret_cast<__m256i *>(batches.octets)), sums_(_mm256_loadu_si256(octets_)) {
    }
    [[gnu::always_inline]] void add(size_t row, uint16_t length) {
        const __m256i only = _mm256_load_si256(reinterpret_cast<const __m256i *>(
            kOneSum.octets + row * (sizeof(__m256i) / kRowShift)));
        const __m256i everywhere = _mm256_set1_epi16(static_cast<short>(length));
        sums_ = _mm256_add_epi32(sums_, _mm256_and_si256(everywhere, only));
    }
    [[gnu::always_inline]] void finish() { _mm256_storeu_si256(octets_, sums_); }

  private:
    __m256i *octets_;
    __m256i sums_;
};

} // namespace

void deal_few_avx2(Batches &batches, const Rows &rows, const uint16_t *buckets,
                   const Dealt &dealt) {
    deal_in_register<OctetsInRegister>(batches, rows, buckets, dealt);
}

} // namespace lagg::distribute

#pragma GCC pop_options
