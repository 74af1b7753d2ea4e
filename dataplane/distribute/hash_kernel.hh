// From a burst to the bucket of each packet, four packets at a time: written once, compiled for
// each instruction set. The class `Isa` says what it has to offer, and `Isa::One` the same for one
// packet; the file that includes this one has told the compiler which instructions it may use.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/hash_shapes.hh"
#include "dataplane/distribute/spread.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

/// Writes the bucket of a packet of a shape that only the parser knows. True for a slow-protocol
/// frame.
template <class Isa>
[[gnu::noinline]] bool choose_by_key(const Spread &spread, const Packet &packet, uint16_t *bucket) {
    if (frame::is_slow_protocol(packet.bytes())) {
        *bucket = kSlowBucket;
        return true;
    }
    const frame::FlowKey key =
        spread.hash.inner ? frame::parse_inner(packet.bytes()) : frame::parse(packet.bytes());
    *bucket = BucketTable::bucket_of(Isa::hash(spread.hash, key));
    return false;
}

template <class Isa, Needs needs, bool symmetric> class HashKernel {
  public:
    /// A BucketFunction.
    static bool run(const Spread &spread, const Packet *const *packets, size_t count,
                    uint16_t *buckets) {
        bool slow = false;
        size_t i = 0;
        while (i + kPackets <= count) {
            i = plain_groups(spread, packets, i, count, buckets);
            if (i + kPackets <= count) i = other_groups(spread, packets, i, count, buckets, slow);
        }
        for (; i < count; i++)
            slow |= choose_one(spread, packets + i, buckets + i);
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
                                                      size_t count, uint16_t *buckets) {
        const Shapes shapes(spread.hash);
        for (; i + kPackets <= count; i += kPackets) {
            typename Shapes::Group state;
            if (!shapes.plain_state(packets + i, state)) [[unlikely]]
                break;
            shapes.finish(state, buckets + i);
        }
        return i;
    }

    /// Goes on for as long as groups are of one other shape each, or else does one group packet by
    /// packet; returns what is next.
    [[gnu::noinline]] static size_t other_groups(const Spread &spread, const Packet *const *packets,
                                                 size_t i, size_t count, uint16_t *buckets,
                                                 bool &slow) {
        const Shapes shapes(spread.hash);
        const size_t first = i;
        for (; i + kPackets <= count; i += kPackets) {
            typename Shapes::Group state;
            if (!shapes.other_state(packets + i, state)) break;
            shapes.finish(state, buckets + i);
        }
        if (i != first) return i;
        for (const size_t end = i + kPackets; i < end; i++)
            slow |= choose_one(spread, packets + i, buckets + i);
        return i;
    }

    /// Writes the bucket of one packet. True for a slow-protocol frame.
    [[gnu::noinline]] static bool choose_one(const Spread &spread, const Packet *const *packet,
                                             uint16_t *bucket) {
        const HashShapes<typename Isa::One, needs, symmetric> shapes(spread.hash);
        typename Isa::One::Group state;
        if (!shapes.plain_state(packet, state) && !shapes.portless_state(packet, state) &&
            !shapes.other_state(packet, state))
            return choose_by_key<Isa>(spread, **packet, bucket);
        shapes.finish(state, bucket);
        return false;
    }
};

/// The kernels of one instruction set.
template <class Isa> class HashKernels {
  public:
    static BucketFunction choose(const FlowHash &hash) {
        if (!hash.uses_flow) return choose<Needs::LINK>(hash);
        if (!hash.uses_link) return choose<Needs::FLOW>(hash);
        return choose<Needs::BOTH>(hash);
    }

  private:
    template <Needs needs> static BucketFunction choose(const FlowHash &hash) {
        return hash.symmetric ? HashKernel<Isa, needs, true>::run
                              : HashKernel<Isa, needs, false>::run;
    }
};

} // namespace lagg::distribute
