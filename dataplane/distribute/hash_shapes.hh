// Packets whose shape is known are hashed from the blocks as they stand in the frame; written once,
// compiled for each instruction set.
//
// A group is four packets, or one. All packets of a group have one shape, which a comparison or two
// recognises: IPv4 or IPv6, with no tag, with one, or (IPv4) with two, with TCP or UDP and neither
// options nor fragments; and what is not IP and has no tag. What an instruction set has to offer is
// in its class `Isa`; the file that includes this one has told the compiler which instructions it
// may use.
#pragma once

#include "dataplane/distribute/flow_hash.hh"
#include "dataplane/distribute/packet.hh"
#include "dataplane/distribute/shape.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

/// What a policy asks for; the code is compiled for each, so that its loop has no test of it.
enum class Needs {
    LINK, ///< MACs and VLANs, whatever the frame is
    FLOW, ///< what is in IP
    BOTH,
};

/// The states of a group's packets: what is left of their blocks before the last two rounds.
template <class Isa, Needs needs, bool symmetric> class HashShapes {
  public:
    using Group = typename Isa::Group;
    static constexpr size_t kPackets = Isa::kPackets;

    /// What every group needs is kept here, where the compiler has it in registers.
    [[gnu::always_inline]] explicit HashShapes(const FlowHash &hash)
        : hash_(hash), start_(Isa::all(hash.start)), round_(Isa::all(hash.round)),
          finish0_(Isa::all(hash.finish[0])), finish1_(Isa::all(hash.finish[1])),
          plain_mask_(telling(Isa::all(kFlow ? shape::kIpv4Mask : shape::kLinkMask))),
          plain_either_(
              telling(Isa::all(kFlow ? shape::ipv4(shape::kTcp) : shape::link(shape::kTypeIpv4)))),
          plain_other_(telling(Isa::all(kFlow ? hash.udp_ipv4 : shape::link(shape::kTypeIpv6)))),
          plain_block_(Isa::all(kFlow ? hash.flow_ipv4 : hash.link_untagged)),
          type_ipv4_(Isa::all(hash.type_ipv4)) {}

    /// The states of packets of the plainest shape; false where they are not.
    [[gnu::always_inline]] bool plain_state(const Packet *const *packets, Group &state) const {
        if (!have(packets, kFlow ? shape::kIpv4Octets : shape::kLinkOctets)) [[unlikely]]
            return false;
        const Data data = data_of(packets);
        if constexpr (kFlow) {
            const Group type = load(data, shape::kType);
            if (!is_plain(type)) [[unlikely]]
                return false;
            state = ipv4_state(data);
        } else {
            const Group head = load(data, 0);
            if (!is_plain(head)) [[unlikely]]
                return false;
            state = link_state(head, plain_block_);
        }
        return true;
    }

    /// The states of packets of another shape that they have in common; false where there is none.
    [[gnu::always_inline]] bool other_state(const Packet *const *packets, Group &state) const {
        if (!have(packets, kFlow ? shape::kIpv4Octets : shape::kLinkOctets)) return false;
        const Data data = data_of(packets);
        const uint16_t type = type_of(data.at[0]);
        switch (type) {
        case shape::kTypeTag:
        case shape::kTypeServiceTag:
            return kFlow ? tagged_state(packets, data, state)
                         : tagged_link_state(packets, data, state);
        case shape::kTypeIpv6: return kFlow && untagged_ipv6_state(packets, data, state);
        case shape::kTypeIpv4: return kPackets > 1 && portless_state(packets, state);
        default: return no_ip_state(data, type, state);
        }
    }

    /// Of IPv4 without options, and with no ports, or none that can be read: fragments, ICMP and
    /// the like.
    [[gnu::always_inline]] bool portless_state(const Packet *const *packets, Group &state) const {
        if (!kFlow || !have(packets, shape::kIpv4Octets)) return false;
        const Data data = data_of(packets);
        for (size_t i = 0; i < kPackets; i++) {
            const uint8_t *at = data.at[i] + shape::kType;
            if (at[0] != 0x08 || at[1] != 0x00 || at[2] != 0x45) return false;
            const bool fragment = (at[8] & 0x3f) != 0 || at[9] != 0;
            if (!fragment && (hash_.inner || shape::may_have_more(at[11]))) return false;
        }
        const Group flow =
            Isa::bit_and(load(data, shape::kIpv4Flow), Isa::all(hash_.flow_portless));
        state = with_ipv4(link_block(data, Tags::NONE), flow);
        return true;
    }

    [[gnu::always_inline]] void finish(Group state, uint16_t *buckets) const {
        Isa::store_buckets(finished(state), buckets);
    }
    [[gnu::always_inline]] void finish(Group state, uint32_t *hashes) const {
        Isa::store_hashes(finished(state), hashes);
    }

  private:
    using Halves = typename Isa::Halves;
    static constexpr bool kLink = needs != Needs::FLOW;
    static constexpr bool kFlow = needs != Needs::LINK;

    enum class Tags { NONE, ONE, TWO };

    struct Data {
        const uint8_t *at[kPackets];
    };

    [[gnu::always_inline]] static Group load(const Data &data, size_t offset) {
        return Isa::load(data.at, offset);
    }

    static uint16_t type_of(const uint8_t *frame) {
        return static_cast<uint16_t>(frame[shape::kType] << 8 | frame[shape::kType + 1]);
    }

    [[gnu::always_inline]] static bool have(const Packet *const *packets, int octets) {
        for (size_t i = 0; i < kPackets; i++)
            if (packets[i]->octets < octets) return false;
        return true;
    }

    [[gnu::always_inline]] static Data data_of(const Packet *const *packets) {
        Data data;
        for (size_t i = 0; i < kPackets; i++)
            data.at[i] = packets[i]->data();
        return data;
    }

    /// The parts that tell whether a packet is of the plainest shape: those of kIpv4Mask and
    /// kLinkMask that are not zero. Half as many octets are half as many comparisons.
    [[gnu::always_inline]] static Halves telling(Group four) {
        if constexpr (kFlow)
            return Isa::template parts<0, 2>(four);
        else
            return Isa::template parts<3, 3>(four);
    }

    [[gnu::always_inline]] bool is_plain(Group four) const {
        return Isa::equals(Isa::bit_and(telling(four), plain_mask_), plain_either_, plain_other_);
    }

    /// Frames of one type that is not IP, and without tags.
    [[gnu::always_inline]] bool no_ip_state(const Data &data, uint16_t type, Group &state) const {
        if (!frame::ends_with_type(type) || (type | 1) == shape::kTypeSlow || hash_.inner)
            return false;
        const Group head = load(data, 0);
        const Group first = Isa::same(data.at[0]);
        const Group mask = Isa::all(shape::kLinkMask);
        const Group wanted = Isa::bit_and(first, mask);
        if (!Isa::equals(Isa::bit_and(head, mask), wanted, wanted)) return false;
        const Group link = Isa::bit_and(head, Isa::all(hash_.other_link_untagged));
        const Block &type_mask = type < frame::kSmallestEthertype ? kNothing : hash_.other_flow;
        const Group flow =
            Isa::bit_and(Isa::shuffle(first, Isa::all(shape::kTypeToFlow)), Isa::all(type_mask));
        state = with_type(taken_in(start_, link), flow);
        if constexpr (!symmetric) return true;
        const Group turned = Isa::shuffle(link, Isa::all(shape::kTurnLink));
        state = Isa::add(state, with_type(taken_in(start_, turned), flow));
        return true;
    }

    [[gnu::always_inline]] Group with_type(Group state, Group flow) const {
        return kFlow ? taken_in(state, flow) : state;
    }

    [[gnu::always_inline]] bool untagged_ipv6_state(const Packet *const *packets, const Data &data,
                                                    Group &state) const {
        if (hash_.uses_label || !have(packets, shape::kIpv6Octets) ||
            !is(load(data, shape::kType), shape::kIpv6Mask, shape::ipv6(shape::kTcp),
                hash_.udp_ipv6))
            return false;
        state = ipv6_state(data, Tags::NONE);
        return true;
    }

    [[gnu::always_inline]] bool tagged_state(const Packet *const *packets, const Data &data,
                                             Group &state) const {
        const Group type = load(data, shape::kType);
        if (is(type, shape::kVlanMask, shape::vlan(shape::kTcp), hash_.udp_vlan) &&
            have(packets, shape::kVlanOctets)) {
            state = with_ipv4(link_block(data, Tags::ONE), ipv4_flow(data, shape::kVlanFlow));
            return true;
        }
        if (has_two_tags(type) && have(packets, shape::kVlanOctets + shape::kTag) &&
            is(load(data, shape::kType + 2 * shape::kTag), shape::kIpv4Mask,
               shape::ipv4(shape::kTcp), hash_.udp_ipv4)) {
            state = with_ipv4(link_block(data, Tags::TWO),
                              ipv4_flow(data, shape::kVlanFlow + shape::kTag));
            return true;
        }
        if (is(type, shape::kVlanIpv6Mask, shape::vlan_ipv6(shape::kTcp), hash_.udp_vlan_ipv6) &&
            have(packets, shape::kIpv6Octets + shape::kTag) && !hash_.uses_label) {
            state = ipv6_state(data, Tags::ONE);
            return true;
        }
        return false;
    }

    [[gnu::always_inline]] bool tagged_link_state(const Packet *const *packets, const Data &data,
                                                  Group &state) const {
        if (is(load(data, shape::kType - 4), shape::kTaggedMask, shape::tagged(shape::kTypeIpv4),
               shape::tagged(shape::kTypeIpv6))) {
            state = link_state(tags_to_link(data, Tags::ONE), Isa::all(hash_.link_tagged));
            return true;
        }
        if (!have(packets, shape::kTwoTagsOctets) || !has_two_tags(load(data, shape::kType)))
            return false;
        state = link_state(tags_to_link(data, Tags::TWO), Isa::all(hash_.link_two_tags));
        return true;
    }

    [[gnu::always_inline]] static bool has_two_tags(Group type) {
        return is(type, shape::kTwoTagsMask, shape::two_tags(0x88a8), shape::two_tags(0x8100));
    }

    [[gnu::always_inline]] static bool is(Group value, const Block &mask, const Block &either,
                                          const Block &other) {
        return Isa::equals(Isa::bit_and(value, Isa::all(mask)), Isa::all(either), Isa::all(other));
    }

    [[gnu::always_inline]] Group finished(Group state) const {
        return Isa::aes(Isa::aes(state, finish0_), finish1_);
    }

    [[gnu::always_inline]] Group taken_in(Group state, Group block) const {
        return Isa::aes(Isa::bit_xor(state, block), round_);
    }

    [[gnu::always_inline]] Group link_state(Group link, Group mask) const {
        const Group block = Isa::bit_and(link, mask);
        const Group state = taken_in(start_, block);
        if constexpr (!symmetric) return state;
        return Isa::add(state, taken_in(start_, Isa::shuffle(block, Isa::all(shape::kTurnLink))));
    }

    /// The state that the flow block finds, in one direction or the other.
    [[gnu::always_inline]] Group before_flow(Group link, bool turned) const {
        if constexpr (!kLink) return start_;
        if (turned) link = Isa::shuffle(link, Isa::all(shape::kTurnLink));
        return taken_in(start_, link);
    }

    [[gnu::always_inline]] Group link_block(const Data &data, Tags tags) const {
        if constexpr (!kLink) return start_;
        if (tags == Tags::NONE) return Isa::bit_and(load(data, 0), Isa::all(hash_.link_untagged));
        return Isa::bit_and(tags_to_link(data, tags),
                            Isa::all(tags == Tags::ONE ? hash_.link_tagged : hash_.link_two_tags));
    }

    /// The addresses, and behind them the 16 bits of each tag that are not its type.
    [[gnu::always_inline]] static Group tags_to_link(const Data &data, Tags tags) {
        const Group head = Isa::shuffle(load(data, 0), Isa::all(shape::kTagToLink));
        if (tags == Tags::ONE) return head;
        const Group second = Isa::shuffle(load(data, shape::kType), Isa::all(shape::kTagsToLink));
        return Isa::bit_xor(head, second);
    }

    /// The ethertype stands where turning a block leaves it, so it can go into the state as well.
    [[gnu::always_inline]] Group before_ipv4(Group link, bool turned) const {
        return Isa::bit_xor(before_flow(link, turned), type_ipv4_);
    }

    [[gnu::always_inline]] Group with_ipv4(Group link, Group flow) const {
        const Group state = taken_in(before_ipv4(link, false), flow);
        if constexpr (!symmetric) return state;
        const Group turned = Isa::shuffle(flow, Isa::all(shape::kTurnFlow));
        return Isa::add(state, taken_in(before_ipv4(link, true), turned));
    }

    [[gnu::always_inline]] Group ipv4_flow(const Data &data, size_t offset) const {
        return Isa::bit_and(load(data, offset), plain_block_);
    }

    [[gnu::always_inline]] Group ipv4_state(const Data &data) const {
        return with_ipv4(link_block(data, Tags::NONE), ipv4_flow(data, shape::kIpv4Flow));
    }

    [[gnu::always_inline]] Group ipv6_direction(Group link, Group first, Group second, Group flow,
                                                bool turned) const {
        Group state = before_flow(link, turned);
        if (hash_.uses_addresses) state = taken_in(taken_in(state, first), second);
        return taken_in(state, flow);
    }

    [[gnu::always_inline]] Group ipv6_state(const Data &data, Tags tags) const {
        const size_t shift = tags == Tags::NONE ? 0 : shape::kTag;
        const Group type = load(data, shape::kType + shift);
        const Group source =
            Isa::bit_and(load(data, shape::kIpv6Source + shift), Isa::all(hash_.source));
        const Group destination =
            Isa::bit_and(load(data, shape::kIpv6Destination + shift), Isa::all(hash_.destination));
        const Group ports =
            Isa::bit_and(load(data, shape::kIpv6Ports + shift), Isa::all(hash_.flow_ports));
        const Group protocol = Isa::bit_and(Isa::shuffle(type, Isa::all(shape::kNextHeader)),
                                            Isa::all(hash_.flow_protocol));
        const Group flow = Isa::bit_xor(Isa::bit_xor(ports, protocol), Isa::all(hash_.type_ipv6));
        const Group link = link_block(data, tags);
        const Group state = ipv6_direction(link, source, destination, flow, false);
        if constexpr (!symmetric) return state;
        const Group turned = Isa::shuffle(flow, Isa::all(shape::kTurnFlow));
        return Isa::add(state, ipv6_direction(link, destination, source, turned, true));
    }

    static constexpr Block kNothing{};

    const FlowHash &hash_;
    Group start_;
    Group round_;
    Group finish0_;
    Group finish1_;
    Halves plain_mask_;
    Halves plain_either_;
    Halves plain_other_;
    Group plain_block_;
    Group type_ipv4_;
};

} // namespace lagg::distribute
