// What a hash looks at: any set of header fields, and how they are taken.
#pragma once

#include <cstdint>

namespace lagg::distribute {

/// Header fields, one bit each.
enum Field : uint32_t {
    kSourceMac = 1u << 0,
    kDestinationMac = 1u << 1,
    kVlan = 1u << 2,      ///< the outer VLAN's number
    kInnerVlan = 1u << 3, ///< that of the second tag
    kEthertype = 1u << 4, ///< behind the VLAN tags
    kSourceIp = 1u << 5,
    kDestinationIp = 1u << 6,
    kFlowLabel = 1u << 7, ///< of IPv6
    kProtocol = 1u << 8,
    kSourcePort = 1u << 9, ///< of TCP, UDP, SCTP
    kDestinationPort = 1u << 10,
    kSpi = 1u << 11, ///< of ESP and AH
};
using Fields = uint32_t;

inline constexpr Fields kLayer2 = kSourceMac | kDestinationMac | kVlan | kInnerVlan;
inline constexpr Fields kLayer3 = kSourceIp | kDestinationIp | kProtocol;
inline constexpr Fields kLayer4 = kSourcePort | kDestinationPort | kSpi;
inline constexpr Fields kLayer23 = kLayer2 | kLayer3;
inline constexpr Fields kLayer34 = kLayer3 | kLayer4;
inline constexpr Fields kAllFields = (kSpi << 1) - 1;

/// The fields a hash covers, and the seed that keeps two hashing devices in a row apart. A policy
/// of MACs and VLANs alone, or of some of them, treats all frames alike. Else a frame that is not
/// IP is hashed by its MAC addresses, VLANs and ethertype, since nothing else tells its flows
/// apart.
struct Policy {
    Fields fields = kLayer23;
    /// Addresses, protocol, ports, flow label and SPI are those of the innermost packet of a
    /// tunnel (VXLAN, GENEVE, GRE, IP in IP, MPLS, GTP-U).
    bool inner = false;
    /// Both directions of a conversation have one hash; naming a source field names its
    /// destination as well, and the other way round.
    bool symmetric = false;
    /// The NIC's own RSS hash is taken where a frame comes with one, and no header is read then.
    bool nic = false;
    uint32_t seed = 0;
    bool operator==(const Policy &) const = default;
};

/// `fields` and, for a symmetric policy, the opposite of each.
constexpr Fields effective_fields(const Policy &policy) {
    Fields fields = policy.fields;
    if (!policy.symmetric) return fields;
    const auto pair = [&](Fields both) {
        if ((fields & both) != 0) fields |= both;
    };
    pair(kSourceMac | kDestinationMac);
    pair(kSourceIp | kDestinationIp);
    pair(kSourcePort | kDestinationPort);
    return fields;
}

} // namespace lagg::distribute
