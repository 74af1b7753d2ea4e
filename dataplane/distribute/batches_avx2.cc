// Dealing out with AVX2, on its own.
#include <cstddef>
#include <cstdint>
#include <cstring>

#pragma GCC push_options
#pragma GCC target("avx2,bmi2")

#include "dataplane/distribute/deal_avx2.hh"

namespace lagg::distribute {

void deal_few_avx2(Batches &batches, const Rows &rows, const uint16_t *buckets,
                   void *const *packets, const uint16_t *lengths, size_t count) {
    FewAvx2::deal(batches, rows, buckets, packets, lengths, count);
}

void deal_some_avx2(Batches &batches, const Rows &rows, const uint16_t *buckets,
                    void *const *packets, const uint16_t *lengths, size_t count) {
    SomeAvx2::deal(batches, rows, buckets, packets, lengths, count);
}

void deal_many_avx2(Batches &batches, const Rows &rows, const uint16_t *buckets,
                    void *const *packets, const uint16_t *lengths, size_t count) {
    ManyAvx2::deal(batches, rows, buckets, packets, lengths, count);
}

} // namespace lagg::distribute

#pragma GCC pop_options
