// The hash with AES-NI, one packet an instruction: for CPUs without VAES, and for the packets that
// go one by one on any.
#include "dataplane/distribute/hash_sets.hh"

#include <array>
#include <cstddef>
#include <cstring>

#pragma GCC push_options
#pragma GCC target("sse4.2,aes")

#include <immintrin.h>

#include "dataplane/distribute/aes_one.hh"
#include "dataplane/distribute/hash_kernel.hh"

namespace lagg::distribute {

namespace {

__m128i load(const Block &block) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i *>(block.data()));
}

struct Aes {
    static constexpr size_t kPackets = 4;
    using One = AesOne;
    struct Group {
        __m128i lane[4];
    };

    template <class Make> [[gnu::always_inline]] static Group each(Make make) {
        return {{make(0), make(1), make(2), make(3)}};
    }
    static Group load(const uint8_t *const *at, size_t offset) {
        return each([&](int i) { return AesOne::same(at[i] + offset); });
    }
    /// The same 16 octets for every packet.
    static Group same(const uint8_t *at) {
        const __m128i one = AesOne::same(at);
        return {{one, one, one, one}};
    }
    static Group all(const Block &block) { return same(block.data()); }
    static Group bit_and(Group a, Group b) {
        return each([&](int i) { return _mm_and_si128(a.lane[i], b.lane[i]); });
    }
    static Group bit_xor(Group a, Group b) {
        return each([&](int i) { return _mm_xor_si128(a.lane[i], b.lane[i]); });
    }
    static Group add(Group a, Group b) {
        return each([&](int i) { return _mm_add_epi64(a.lane[i], b.lane[i]); });
    }
    static Group aes(Group a, Group key) {
        return each([&](int i) { return _mm_aesenc_si128(a.lane[i], key.lane[i]); });
    }
    static Group shuffle(Group a, Group order) {
        return each([&](int i) { return _mm_shuffle_epi8(a.lane[i], order.lane[i]); });
    }
    /// Every 4 octets equal those of `either` or of `other`.
    static bool equals(Group a, Group either, Group other) {
        __m128i equal = _mm_set1_epi8(-1);
        for (int i = 0; i < 4; i++)
            equal = _mm_and_si128(equal, is_either(a.lane[i], either.lane[i], other.lane[i]));
        return _mm_movemask_epi8(equal) == 0xffff;
    }

    /// Two of the four 4-octet parts of each packet.
    struct Halves {
        __m128i two[2];
    };
    template <int i, int j> static Halves parts(Group a) {
        return {{parts<i, j>(a.lane[0], a.lane[1]), parts<i, j>(a.lane[2], a.lane[3])}};
    }
    static Halves bit_and(Halves a, Halves b) {
        return {{_mm_and_si128(a.two[0], b.two[0]), _mm_and_si128(a.two[1], b.two[1])}};
    }
    static bool equals(Halves a, Halves either, Halves other) {
        const __m128i first = is_either(a.two[0], either.two[0], other.two[0]);
        const __m128i second = is_either(a.two[1], either.two[1], other.two[1]);
        return _mm_movemask_epi8(_mm_and_si128(first, second)) == 0xffff;
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
        return _mm_unpacklo_epi64(_mm_unpacklo_epi32(a.lane[0], a.lane[1]),
                                  _mm_unpacklo_epi32(a.lane[2], a.lane[3]));
    }
    static __m128i is_either(__m128i a, __m128i either, __m128i other) {
        return _mm_or_si128(_mm_cmpeq_epi32(a, either), _mm_cmpeq_epi32(a, other));
    }
    template <int i, int j> static __m128i parts(__m128i a, __m128i b) {
        return _mm_castps_si128(
            _mm_shuffle_ps(_mm_castsi128_ps(a), _mm_castsi128_ps(b), _MM_SHUFFLE(j, i, j, i)));
    }
};

__m128i octets16(const void *at) {
    return _mm_loadu_si128(static_cast<const __m128i *>(at));
}

uint32_t load32(const uint8_t *at) {
    uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// What blocks_of() writes, put together in registers: a block that has just been written octet by
/// octet cannot be loaded as a whole before all of it has reached the cache.
struct KeyBlocks {
    const frame::FlowKey &key;

    __m128i link() const {
        static_assert(offsetof(frame::FlowKey, destination_mac) == 0 &&
                      offsetof(frame::FlowKey, source_mac) == 6 &&
                      offsetof(frame::FlowKey, outer_vlan) == 12 &&
                      offsetof(frame::FlowKey, inner_vlan) == 14);
        const __m128i vlans_in_wire_order =
            _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 12, 15, 14);
        return _mm_shuffle_epi8(octets16(&key), vlans_in_wire_order);
    }
    __m128i source() const { return octets16(key.source_ip.data()); }
    __m128i destination() const { return octets16(key.destination_ip.data()); }
    __m128i flow() const {
        const bool ipv4 = key.ip_version == 4;
        const uint64_t source = ipv4 ? load32(key.source_ip.data()) : 0;
        const uint64_t destination = ipv4 ? load32(key.destination_ip.data()) : 0;
        const uint64_t low = uint64_t{key.protocol} << 8 |
                             uint64_t{__builtin_bswap16(key.ethertype)} << 16 | source << 32;
        const uint64_t high = destination | uint64_t{__builtin_bswap16(key.source_port)} << 32 |
                              uint64_t{__builtin_bswap16(key.destination_port)} << 48;
        return _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(low));
    }
    __m128i extra() const {
        const uint64_t low = uint64_t{__builtin_bswap32(key.flow_label)} |
                             uint64_t{__builtin_bswap32(key.spi)} << 32;
        return _mm_set_epi64x(0, static_cast<long long>(low));
    }
};

/// FlowHash::operator() with the instruction instead of the table.
class OneKey {
  public:
    explicit OneKey(const FlowHash &hash) : hash_(hash) {}

    uint32_t operator()(const frame::FlowKey &key) const {
        const KeyBlocks blocks{key};
        __m128i state = state_after(blocks, false);
        if (hash_.symmetric) state = _mm_add_epi64(state, state_after(blocks, true));
        state = _mm_aesenc_si128(state, load(hash_.finish[0]));
        state = _mm_aesenc_si128(state, load(hash_.finish[1]));
        return static_cast<uint32_t>(_mm_cvtsi128_si32(state));
    }

  private:
    static __m128i turned(__m128i block, const Block &order, bool turn) {
        return turn ? _mm_shuffle_epi8(block, load(order)) : block;
    }
    __m128i taken_in(__m128i state, __m128i block, const Block &mask) const {
        const __m128i masked = _mm_and_si128(block, load(mask));
        return _mm_aesenc_si128(_mm_xor_si128(state, masked), load(hash_.round));
    }
    __m128i state_after(const KeyBlocks &blocks, bool turn) const {
        const uint8_t ip_version = blocks.key.ip_version;
        const bool ip = ip_version != 0;
        __m128i state = load(hash_.start);
        if (!ip || hash_.uses_link)
            state = taken_in(state, turned(blocks.link(), shape::kTurnLink, turn),
                             ip ? hash_.link : hash_.other_link);
        if (ip_version == 6 && hash_.uses_addresses) {
            state = taken_in(state, turn ? blocks.destination() : blocks.source(), hash_.source);
            state =
                taken_in(state, turn ? blocks.source() : blocks.destination(), hash_.destination);
        }
        if (hash_.uses_flow)
            state = taken_in(state, turned(blocks.flow(), shape::kTurnFlow, turn),
                             ip ? hash_.flow : hash_.other_flow);
        if (!ip || !hash_.uses_extra) return state;
        const __m128i extra = _mm_and_si128(blocks.extra(), load(hash_.extra));
        if (_mm_testz_si128(extra, extra) != 0) return state;
        return taken_in(state, extra, hash_.extra);
    }

    const FlowHash &hash_;
};

} // namespace

BucketFunction by_hash_aes(const FlowHash &hash) {
    return HashKernels<Aes>::choose(hash);
}

HashFunction hashes_aes(const FlowHash &hash) {
    return HashKernels<Aes>::choose_hashes(hash);
}

uint32_t key_hash_aes(const FlowHash &hash, const frame::FlowKey &key) {
    return OneKey(hash)(key);
}

} // namespace lagg::distribute

#pragma GCC pop_options
