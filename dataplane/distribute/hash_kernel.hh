// From a burst to the bucket of each packet, or its hash, four packets at a time: written once,
// compiled for each instruction set. The class `Isa` says what it has to offer, and `Isa::One` the
// same for one packet; the file that includes this one has told the compiler which instructions it
// may use.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/hash_shapes.hh"
#include "dataplane/distribute/spread.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

// What is wanted of a hash, and of a slow-protocol frame in its place. Always inline, as all that
// is no template here: a copy of its own, made of instructions that not every CPU has, could be
// taken for everybody's.
[[gnu::always_inline]] inline void put(uint32_t hash, uint16_t *bucket) {
    *bucket = BucketTable::bucket_of(hash);
}
[[gnu::always_inline]] inline void put(uint32_t hash, uint32_t *whole) {
    *whole = hash;
}
[[gnu::always_inline]] inline void put_slow(uint16_t *bucket) {
    *bucket = kSlowBucket;
}
[[gnu::always_inline]] inline void put_slow(uint32_t *hash) {
    *hash = 0;
}

/// For a packet of a shape that only the parser knows. True for a slow-protocol frame.
template <class Isa, class Wanted>
[[gnu::noinline]] bool choose_by_key(const Spread &spread, const Packet &packet, Wanted *wanted) {
    if (frame::stays_on_link(packet.bytes())) {
        put_slow(wanted);
        return true;
    }
    const frame::FlowKey key =
        spread.hash.inner ? frame::parse_inner(packet.bytes()) : frame::parse(packet.bytes());
    put(Isa::hash(spread.hash, key), wanted);
    return false;
}

template <class Isa, Needs needs, bool symmetric, class Wanted> class HashKernel {
  public:
    /// A SpreadFunction.
    template <class Dealer>
    static bool spread(const Spread &spread, const Rows &rows, void *const *packets,
                       const uint16_t *lengths, size_t count, uint16_t *buckets, Batches &batches) {
        if (run(spread, reinterpret_cast<const Packet *const *>(packets), count, buckets))
            [[unlikely]]
            return false;
        Dealer::deal(batches, rows, buckets, packets, lengths, count);
        return true;
    }
    /// A HashFunction.
    static void hashes(const Spread &spread, const Packet *const *packets, size_t count,
                       uint32_t *hashes) {
        run(spread, packets, count, hashes);
    }
    /// A BucketFunction.
    [[gnu::always_inline]] static bool run(const Spread &spread, const Packet *const *packets,
                                           size_t count, Wanted *wanted) {
        bool slow = false;
        size_t i = 0;
        while (i + kPackets <= count) {
            i = plain_groups(spread, packets, i, count, wanted);
            if (i + kPackets <= count) i = other_groups(spread, packets, i, count, wanted, slow);
        }
        for (; i < count; i++)
            slow |= choose_one(spread, packets + i, wanted + i);
        return slow;
    }

  private:
    using Shapes = HashShapes<Isa, needs, symmetric>;
    static constexpr size_t kPackets = Isa::kPackets;

    /// Goes on from packet `i` for as long as groups are of the plainest shape; returns where the
    /// first other one begins. Nothing is called in here, so that what every group needs stays in
    /// registers.
    [[gnu::always_inline]] static size_t plain_groups(const Spread &spread,
                                                      const Packet *const *packets, size_t i,
                                                      size_t count, Wanted *wanted) {
        const Shapes shapes(spread.hash);
        for (; i + kPackets <= count; i += kPackets) {
            typename Shapes::Group state;
            if (!shapes.plain_state(packets + i, state)) [[unlikely]]
                break;
            shapes.finish(state, wanted + i);
        }
        return i;
    }

    /// Goes on for as long as groups are of one other shape each, or else does one group packet by
    /// packet; returns what is next.
    [[gnu::noinline]] static size_t other_groups(const Spread &spread, const Packet *const *packets,
                                                 size_t i, size_t count, Wanted *wanted,
                                                 bool &slow) {
        const Shapes shapes(spread.hash);
        const size_t first = i;
        for (; i + kPackets <= count; i += kPackets) {
            typename Shapes::Group state;
            if (!shapes.other_state(packets + i, state)) break;
            shapes.finish(state, wanted + i);
        }
        if (i != first) return i;
        for (const size_t end = i + kPackets; i < end; i++)
            slow |= choose_one(spread, packets + i, wanted + i);
        return i;
    }

    /// One packet. True for a slow-protocol frame.
    [[gnu::noinline]] static bool choose_one(const Spread &spread, const Packet *const *packet,
                                             Wanted *wanted) {
        const HashShapes<typename Isa::One, needs, symmetric> shapes(spread.hash);
        typename Isa::One::Group state;
        if (!shapes.plain_state(packet, state) && !shapes.portless_state(packet, state) &&
            !shapes.other_state(packet, state))
            return choose_by_key<Isa>(spread, **packet, wanted);
        shapes.finish(state, wanted);
        return false;
    }
};

/// The kernels of one instruction set.
template <class Isa> class HashKernels {
  public:
    static BucketFunction choose(const FlowHash &hash) {
        return choose(hash, []<Needs needs, bool symmetric> {
            return BucketFunction{HashKernel<Isa, needs, symmetric, uint16_t>::run};
        });
    }
    static HashFunction choose_hashes(const FlowHash &hash) {
        return choose(hash, []<Needs needs, bool symmetric> {
            return HashFunction{HashKernel<Isa, needs, symmetric, uint32_t>::hashes};
        });
    }
    template <class Dealer> static SpreadFunction choose_spread(const FlowHash &hash) {
        return choose(hash, []<Needs needs, bool symmetric> {
            return SpreadFunction{
                HashKernel<Isa, needs, symmetric, uint16_t>::template spread<Dealer>};
        });
    }

  private:
    template <class Make> static auto choose(const FlowHash &hash, Make make) {
        if (!hash.uses_flow) return choose<Needs::LINK>(hash, make);
        if (!hash.uses_link) return choose<Needs::FLOW>(hash, make);
        return choose<Needs::BOTH>(hash, make);
    }
    template <Needs needs, class Make> static auto choose(const FlowHash &hash, Make make) {
        return hash.symmetric ? make.template operator()<needs, true>()
                              : make.template operator()<needs, false>();
    }
};

} // namespace lagg::distribute
