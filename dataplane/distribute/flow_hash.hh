// FlowKey to a 32-bit hash, under a policy: the scalar reference of every vector path.
//
// A key is laid out in blocks of 16 octets as they stand in a frame, what the policy does not name
// is masked out, and each block enters the state with one round of AES; two more rounds end it. A
// round is one instruction on two or four packets at a time, and what it does is not linear, so
// that addresses that count up together do not cancel, and a hash in the switch above with another
// seed agrees with ours no more than by chance.
#pragma once

#include "dataplane/distribute/policy.hh"
#include "dataplane/frame/flow_key.hh"

#include <array>
#include <cstdint>
#include <span>

namespace lagg::distribute {

/// 16 octets in the order of the wire.
using Block = std::array<uint8_t, 16>;

/// The blocks of a key. `link` is destination MAC, source MAC, outer VLAN, inner VLAN; `flow` is
/// one octet of zero, protocol, ethertype, IPv4 source, IPv4 destination, source port, destination
/// port: the 16 octets from an IPv4 header's TTL on, where TTL is zero and the checksum the
/// ethertype; `extra` is flow label and SPI, 4 octets each, and zeros.
struct alignas(16) Blocks {
    Block link{};
    Block source{};      ///< of IPv6
    Block destination{}; ///< of IPv6
    Block flow{};
    Block extra{};
};
Blocks blocks_of(const frame::FlowKey &key);

/// A policy made ready: which octets of the blocks count, and the keys that its seed gives.
struct alignas(64) FlowHash {
    FlowHash() : FlowHash(Policy{}) {}
    explicit FlowHash(const Policy &policy);

    /// Well mixed in its high bits, which choose the bucket. The key is that of key_of().
    uint32_t operator()(const frame::FlowKey &key) const;

    Block start{}; ///< the state before the first block
    Block round{}; ///< the key of a round that takes a block in
    std::array<Block, 2> finish{};

    // Masks of an IP packet.
    Block link{};
    Block flow{};
    Block source{};
    Block destination{};
    Block extra{};
    // Masks of everything else.
    Block other_link{};
    Block other_flow{};

    // The same for packets whose shape is known, as they stand in the frame.
    Block link_untagged{};
    Block link_tagged{}; ///< the tag's 4 other bits are no part of the VLAN
    Block link_two_tags{};
    Block other_link_untagged{};
    Block flow_ipv4{};     ///< without the checksum in the place of the ethertype
    Block flow_portless{}; ///< the same without ports
    Block flow_protocol{}; ///< the protocol alone
    Block flow_ports{};    ///< the ports alone
    Block type_ipv4{};     ///< the ethertype, where it counts
    Block type_ipv6{};

    // The plain shapes of UDP (hash_shapes.hh); those of TCP once more where UDP may be a tunnel.
    Block udp_ipv4{};
    Block udp_vlan{};
    Block udp_ipv6{};
    Block udp_vlan_ipv6{};

    bool uses_link = false;
    bool uses_flow = false; ///< false: MACs and VLANs decide, whatever the frame is
    bool uses_addresses = false;
    bool uses_extra = false;
    bool uses_label = false; ///< the part of `extra` that TCP and UDP have, over IPv6
    bool symmetric = false;
    bool inner = false;
    bool operator==(const FlowHash &) const = default;

  private:
    void prepare_shapes(Fields fields);
};

/// One hash for once; a loop keeps a FlowHash.
uint32_t flow_hash(const frame::FlowKey &key, const Policy &policy);
/// parse(), or parse_inner() where the policy looks inside.
frame::FlowKey key_of(std::span<const uint8_t> frame, const Policy &policy);
/// An RSS hash from a NIC, mixed with the policy's seed.
inline uint32_t mix_nic_hash(uint32_t hash, uint32_t seed) {
    const uint64_t product = (uint64_t{hash} ^ seed) * 0x9e3779b97f4a7c15;
    return static_cast<uint32_t>((product ^ product >> 29) * 0xbf58476d1ce4e5b9 >> 32);
}

} // namespace lagg::distribute
