// How a burst is dealt out. What makes this slow when done in the plain way is that a counter in
// memory is read right after it was written: with few members nearly every packet waits for the one
// before. So the counters of few members stay in registers.
#include "dataplane/distribute/batches.hh"

#include <array>
#include <bit>
#include <cstring>

namespace lagg::distribute {

namespace {

// For many members a packet seldom meets the counter of the one before. The places of four packets
// are found first and then stored, since a load may have to wait for the addresses of the stores
// before it.
void scatter_plain(Batches &batches, const uint8_t *members, void *const *packets, size_t count) {
    constexpr size_t kGroup = 4;
    Batches::Handle **const end = batches.end;
    size_t i = 0;
    for (; i + kGroup <= count; i += kGroup) {
        Batches::Handle *place[kGroup];
        void *packet[kGroup];
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++) {
            packet[k] = packets[i + k];
            place[k] = end[members[i + k]]++;
        }
#pragma GCC unroll 4
        for (size_t k = 0; k < kGroup; k++)
            *place[k] = packet[k];
    }
    for (; i < count; i++)
        *end[members[i]]++ = packets[i];
}

/// The counters of up to eight members are the octets of one register.
template <size_t kMembers>
[[gnu::target("bmi2")]] void scatter_packed(Batches &batches, const uint8_t *members,
                                            void *const *packets, size_t count) {
    static_assert(kMembers <= 8 && Batches::kRoom < 256);
    uint64_t counts = 0;
#pragma GCC unroll 8
    for (size_t m = 0; m < kMembers; m++)
        counts |= uint64_t{batches.count(m)} << 8 * m;
    Batches::Handle *const all = batches.begin(0);
    for (size_t i = 0; i < count; i++) {
        const uint64_t shift = uint64_t{members[i]} * 8;
        all[shift * (Batches::kRoom / 8) + (counts >> shift & 0xff)] = packets[i];
        counts += uint64_t{1} << shift;
    }
#pragma GCC unroll 8
    for (size_t m = 0; m < kMembers; m++)
        batches.end[m] = batches.begin(m) + (counts >> 8 * m & 0xff);
}
static_assert(Batches::kRoom % 8 == 0, "a member's place is found by a multiplication with 9");

} // namespace

ScatterFunction scatter_avx2(size_t members);

ScatterFunction scatter_function(size_t members, InstructionSet set) {
    if (set >= InstructionSet::VAES && members <= 4) return scatter_avx2(members);
    if (set >= InstructionSet::VAES && members <= 8) return scatter_packed<8>;
    return scatter_plain;
}

} // namespace lagg::distribute

#pragma GCC push_options
#pragma GCC target("avx2,bmi2,popcnt")

#include <immintrin.h>

namespace lagg::distribute {

namespace {

/// For each set of four packets, the order that brings those of the set to the front.
struct alignas(32) Order {
    uint32_t halves[8];
};
constexpr std::array<Order, 16> kOrders = [] {
    std::array<Order, 16> orders{};
    for (unsigned set = 0; set < orders.size(); set++) {
        unsigned next = 0;
        for (unsigned packet = 0; packet < 4; packet++) {
            if ((set >> packet & 1) == 0) continue;
            orders[set].halves[next++] = 2 * packet;
            orders[set].halves[next++] = 2 * packet + 1;
        }
    }
    return orders;
}();

// Each member takes its own of four packets at once, so that nothing depends on chance.
template <size_t kMembers>
void scatter_fours(Batches &batches, const uint8_t *members, void *const *packets, size_t count) {
    Batches::Handle *end[kMembers];
#pragma GCC unroll 4
    for (size_t m = 0; m < kMembers; m++)
        end[m] = batches.end[m];
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        int four = 0;
        std::memcpy(&four, members + i, sizeof four);
        const __m256i member = _mm256_cvtepu8_epi64(_mm_cvtsi32_si128(four));
        const __m256i packet = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(packets + i));
#pragma GCC unroll 4
        for (size_t m = 0; m < kMembers; m++) {
            const __m256i own =
                _mm256_cmpeq_epi64(member, _mm256_set1_epi64x(static_cast<long long>(m)));
            const auto set = static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(own)));
            const __m256i order =
                _mm256_load_si256(reinterpret_cast<const __m256i *>(kOrders[set].halves));
            _mm256_storeu_si256(reinterpret_cast<__m256i *>(end[m]),
                                _mm256_permutevar8x32_epi32(packet, order));
            end[m] += std::popcount(set);
        }
    }
#pragma GCC unroll 4
    for (size_t m = 0; m < kMembers; m++)
        batches.end[m] = end[m];
    for (; i < count; i++)
        batches.add(members[i], packets[i]);
}

} // namespace

ScatterFunction scatter_avx2(size_t members) {
    if (members <= 2) return scatter_fours<2>;
    return members == 3 ? scatter_fours<3> : scatter_fours<4>;
}

} // namespace lagg::distribute

#pragma GCC pop_options
