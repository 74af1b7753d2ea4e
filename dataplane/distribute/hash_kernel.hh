// From a burst to the bucket of each packet, four packets at a time: written once, compiled for
// each instruction set.
//
// Four packets of the same plain shape (IPv4, IPv6, or IPv4 behind one VLAN tag, with TCP or UDP
// and neither options nor fragments) are recognised by one comparison and hashed together, from
// the blocks as they stand in the frame. Whatever else comes goes through frame::parse, one by one.
// What an instruction set has to offer is in its class `Isa`; the file that includes this one has
// told the compiler which instructions it may use.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/flow_hash.hh"
#include "dataplane/distribute/packet.hh"
#include "dataplane/distribute/shape.hh"
#include "dataplane/distribute/spread.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

/// What a policy asks for; a kernel is compiled for each, so that its loop has no test of it.
enum class Needs {
    LINK, ///< MACs and VLANs, whatever the frame is
    FLOW, ///< what is in IP
    BOTH,
};

/// Writes the packet's bucket. True for a slow-protocol frame.
template <class Isa>
[[gnu::noinline]] bool choose_one(const Spread &spread, const Packet &packet, uint16_t *bucket) {
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
        while (i + 4 <= count) {
            i = plain_groups(spread, packets, i, count, buckets);
            if (i + 4 > count) break;
            slow |= odd_group(spread, packets + i, buckets + i);
            i += 4;
        }
        for (; i < count; i++)
            slow |= choose_one<Isa>(spread, *packets[i], buckets + i);
        return slow;
    }

  private:
    using Four = typename Isa::Four;
    using Halves = typename Isa::Halves;
    static constexpr bool kLink = needs != Needs::FLOW;
    static constexpr bool kFlow = needs != Needs::LINK;

    /// What every group needs is kept here, where the compiler has it in registers.
    [[gnu::always_inline]] explicit HashKernel(const FlowHash &hash)
        : hash_(hash), start_(Isa::all(hash.start)), round_(Isa::all(hash.round)),
          finish0_(Isa::all(hash.finish[0])), finish1_(Isa::all(hash.finish[1])),
          plain_mask_(telling(Isa::all(kFlow ? shape::kIpv4Mask : shape::kLinkMask))),
          plain_either_(
              telling(Isa::all(kFlow ? shape::ipv4(shape::kTcp) : shape::link(shape::kTypeIpv4)))),
          plain_other_(telling(Isa::all(kFlow ? hash.udp_ipv4 : shape::link(shape::kTypeIpv6)))),
          plain_block_(Isa::all(kFlow ? hash.flow_ipv4 : hash.link_untagged)),
          type_ipv4_(Isa::all(hash.type_ipv4)) {}

    /// The parts that tell whether a packet is of the plainest shape: those of kIpv4Mask and
    /// kLinkMask that are not zero. Half as many octets are half as many comparisons.
    [[gnu::always_inline]] static Halves telling(Four four) {
        if constexpr (kFlow)
            return Isa::template parts<0, 2>(four);
        else
            return Isa::template parts<3, 3>(four);
    }

    struct Data {
        const uint8_t *at[4];
    };

    [[gnu::always_inline]] static Four load(const Data &data, size_t offset) {
        return Isa::load(data.at[0] + offset, data.at[1] + offset, data.at[2] + offset,
                         data.at[3] + offset);
    }

    [[gnu::always_inline]] static bool have(const Packet *const *packets, int octets) {
        return packets[0]->octets >= octets && packets[1]->octets >= octets &&
               packets[2]->octets >= octets && packets[3]->octets >= octets;
    }

    [[gnu::always_inline]] static Data data_of(const Packet *const *packets) {
        return {{packets[0]->data(), packets[1]->data(), packets[2]->data(), packets[3]->data()}};
    }

    /// Goes on from packet `i` for as long as groups are of the plainest shape; returns where the
    /// first other one begins. Nothing is called in here, so that what every group needs stays in
    /// registers.
    [[gnu::always_inline]] static size_t plain_groups(const Spread &spread,
                                                      const Packet *const *packets, size_t i,
                                                      size_t count, uint16_t *buckets) {
        const HashKernel kernel(spread.hash);
        for (; i + 4 <= count; i += 4) {
            Four state;
            if (!kernel.plain_state(packets + i, state)) [[unlikely]]
                break;
            kernel.finish(state, buckets + i);
        }
        return i;
    }

    /// The state of four packets of the plainest shape before the last two rounds; false where they
    /// are not.
    [[gnu::always_inline]] bool plain_state(const Packet *const *packets, Four &state) const {
        if (!have(packets, kFlow ? shape::kIpv4Octets : shape::kLinkOctets)) [[unlikely]]
            return false;
        const Data data = data_of(packets);
        if constexpr (kFlow) {
            const Four type = load(data, shape::kType);
            if (!is_plain(type)) [[unlikely]]
                return false;
            state = ipv4_state(data);
        } else {
            const Four head = load(data, 0);
            if (!is_plain(head)) [[unlikely]]
                return false;
            state = link_state(head, plain_block_);
        }
        return true;
    }

    [[gnu::always_inline]] bool is_plain(Four four) const {
        return Isa::equals(Isa::bit_and(telling(four), plain_mask_), plain_either_, plain_other_);
    }

    /// Four packets of another shape they have in common, or one by one.
    [[gnu::noinline]] static bool odd_group(const Spread &spread, const Packet *const *packets,
                                            uint16_t *buckets) {
        const HashKernel kernel(spread.hash);
        Four state;
        if (kernel.odd_state(packets, state)) {
            kernel.finish(state, buckets);
            return false;
        }
        bool slow = false;
        for (size_t k = 0; k < 4; k++)
            slow |= choose_one<Isa>(spread, *packets[k], buckets + k);
        return slow;
    }

    [[gnu::always_inline]] bool odd_state(const Packet *const *packets, Four &state) const {
        if (!have(packets, kFlow ? shape::kIpv4Octets : shape::kLinkOctets)) return false;
        const Data data = data_of(packets);
        const bool found =
            kFlow ? odd_flow_state(packets, data, state) : tagged_link_state(data, state);
        return found || other_state(data, state);
    }

    /// Frames of one type that is not IP, and without tags.
    [[gnu::always_inline]] bool other_state(const Data &data, Four &state) const {
        const auto type =
            static_cast<uint16_t>(data.at[0][shape::kType] << 8 | data.at[0][shape::kType + 1]);
        if (!frame::ends_with_type(type) || type == shape::kTypeSlow || hash_.inner) return false;
        const Four head = load(data, 0);
        const Four first = Isa::load(data.at[0], data.at[0], data.at[0], data.at[0]);
        const Four mask = Isa::all(shape::kLinkMask);
        const Four wanted = Isa::bit_and(first, mask);
        if (!Isa::equals(Isa::bit_and(head, mask), wanted, wanted)) return false;
        const Four link = Isa::bit_and(head, Isa::all(hash_.other_link_untagged));
        const Block &type_mask = type < shape::kSmallestEthertype ? kNothing : hash_.other_flow;
        const Four flow =
            Isa::bit_and(Isa::shuffle(first, Isa::all(shape::kTypeToFlow)), Isa::all(type_mask));
        state = with_type(taken_in(start_, link), flow);
        if constexpr (!symmetric) return true;
        const Four turned = Isa::shuffle(link, Isa::all(shape::kTurnLink));
        state = Isa::add(state, with_type(taken_in(start_, turned), flow));
        return true;
    }

    [[gnu::always_inline]] Four with_type(Four state, Four flow) const {
        return kFlow ? taken_in(state, flow) : state;
    }

    [[gnu::always_inline]] bool odd_flow_state(const Packet *const *packets, const Data &data,
                                               Four &state) const {
        const Four type = load(data, shape::kType);
        if (is(type, shape::kIpv6Mask, shape::ipv6(shape::kTcp), hash_.udp_ipv6) &&
            have(packets, shape::kIpv6Octets) && !hash_.uses_extra) {
            state = ipv6_state(data, type);
            return true;
        }
        if (!is(type, shape::kVlanMask, shape::vlan(shape::kTcp), hash_.udp_vlan) ||
            !have(packets, shape::kVlanOctets))
            return false;
        state = vlan_state(data);
        return true;
    }

    [[gnu::always_inline]] bool tagged_link_state(const Data &data, Four &state) const {
        const Four type = load(data, shape::kType - 4);
        if (!is(type, shape::kTaggedMask, shape::tagged(shape::kTypeIpv4),
                shape::tagged(shape::kTypeIpv6)))
            return false;
        const Four link = Isa::shuffle(load(data, 0), Isa::all(shape::kTagToLink));
        state = link_state(link, Isa::all(hash_.link_tagged));
        return true;
    }

    [[gnu::always_inline]] static bool is(Four value, const Block &mask, const Block &either,
                                          const Block &other) {
        return Isa::equals(Isa::bit_and(value, Isa::all(mask)), Isa::all(either), Isa::all(other));
    }

    [[gnu::always_inline]] Four taken_in(Four state, Four block) const {
        return Isa::aes(Isa::bit_xor(state, block), round_);
    }

    [[gnu::always_inline]] Four link_state(Four link, Four mask) const {
        const Four block = Isa::bit_and(link, mask);
        const Four state = taken_in(start_, block);
        if constexpr (!symmetric) return state;
        return Isa::add(state, taken_in(start_, Isa::shuffle(block, Isa::all(shape::kTurnLink))));
    }

    /// The state that the flow block finds, in one direction or the other.
    [[gnu::always_inline]] Four before_flow(Four link, bool turned) const {
        if constexpr (!kLink) return start_;
        if (turned) link = Isa::shuffle(link, Isa::all(shape::kTurnLink));
        return taken_in(start_, link);
    }

    [[gnu::always_inline]] Four link_block(const Data &data, bool tagged) const {
        if constexpr (!kLink) return start_;
        Four head = load(data, 0);
        if (tagged) head = Isa::shuffle(head, Isa::all(shape::kTagToLink));
        return Isa::bit_and(head, Isa::all(tagged ? hash_.link_tagged : hash_.link_untagged));
    }

    /// The ethertype stands where turning a block leaves it, so it can go into the state as well.
    [[gnu::always_inline]] Four before_ipv4(Four link, bool turned) const {
        return Isa::bit_xor(before_flow(link, turned), type_ipv4_);
    }

    [[gnu::always_inline]] Four with_ipv4(Four link, Four flow) const {
        const Four state = taken_in(before_ipv4(link, false), flow);
        if constexpr (!symmetric) return state;
        const Four turned = Isa::shuffle(flow, Isa::all(shape::kTurnFlow));
        return Isa::add(state, taken_in(before_ipv4(link, true), turned));
    }

    [[gnu::always_inline]] Four ipv4_flow(const Data &data, size_t offset) const {
        return Isa::bit_and(load(data, offset), plain_block_);
    }

    [[gnu::always_inline]] Four ipv4_state(const Data &data) const {
        return with_ipv4(link_block(data, false), ipv4_flow(data, shape::kIpv4Flow));
    }

    [[gnu::always_inline]] Four vlan_state(const Data &data) const {
        return with_ipv4(link_block(data, true), ipv4_flow(data, shape::kVlanFlow));
    }

    [[gnu::always_inline]] Four ipv6_direction(Four link, Four first, Four second, Four flow,
                                               bool turned) const {
        Four state = before_flow(link, turned);
        if (hash_.uses_addresses) state = taken_in(taken_in(state, first), second);
        return taken_in(state, flow);
    }

    [[gnu::always_inline]] Four ipv6_state(const Data &data, Four type) const {
        const Four source = Isa::bit_and(load(data, shape::kIpv6Source), Isa::all(hash_.source));
        const Four destination =
            Isa::bit_and(load(data, shape::kIpv6Destination), Isa::all(hash_.destination));
        const Four ports = Isa::bit_and(load(data, shape::kIpv6Ports), Isa::all(hash_.flow_ports));
        const Four protocol = Isa::bit_and(Isa::shuffle(type, Isa::all(shape::kNextHeader)),
                                           Isa::all(hash_.flow_protocol));
        const Four flow = Isa::bit_xor(Isa::bit_xor(ports, protocol), Isa::all(hash_.type_ipv6));
        const Four link = link_block(data, false);
        const Four state = ipv6_direction(link, source, destination, flow, false);
        if constexpr (!symmetric) return state;
        const Four turned = Isa::shuffle(flow, Isa::all(shape::kTurnFlow));
        return Isa::add(state, ipv6_direction(link, destination, source, turned, true));
    }

    [[gnu::always_inline]] void finish(Four state, uint16_t *buckets) const {
        Isa::store_buckets(Isa::aes(Isa::aes(state, finish0_), finish1_), buckets);
    }

    static constexpr Block kNothing{};

    const FlowHash &hash_;
    Four start_;
    Four round_;
    Four finish0_;
    Four finish1_;
    Halves plain_mask_;
    Halves plain_either_;
    Halves plain_other_;
    Four plain_block_;
    Four type_ipv4_;
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
