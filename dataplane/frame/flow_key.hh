// What a hash policy may look at, read out of a frame's first bytes.
//
// A FlowKey is the same for every packet of a conversation whatever the packet's own shape: all
// fragments of a datagram, and all arrangements of options and extension headers, give one key.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace lagg::frame {

/// Plain bytes in network order, fields that do not apply are zero.
struct FlowKey {
    std::array<uint8_t, 6> destination_mac{};
    std::array<uint8_t, 6> source_mac{};
    uint16_t outer_vlan = 0; ///< VLAN id (12 bits), host order; 0 without a tag
    uint16_t inner_vlan = 0;
    uint16_t ethertype = 0;              ///< behind the VLAN tags, host order
    uint8_t ip_version = 0;              ///< 4, 6, or 0 when not (or not readably) IP
    uint8_t protocol = 0;                ///< the transport's, behind extension headers and AH
    std::array<uint8_t, 16> source_ip{}; ///< IPv4 in the first 4 octets
    std::array<uint8_t, 16> destination_ip{};
    uint16_t source_port = 0; ///< host order; 0 for fragments and for protocols without ports
    uint16_t destination_port = 0;
    bool has_ports = false;
    uint32_t flow_label = 0; ///< of IPv6 (20 bits), host order
    uint32_t spi = 0;        ///< of ESP or AH, host order; 0 for fragments
    bool operator==(const FlowKey &) const = default;
};

/// Reads a frame from its destination address on. Never reads outside `frame`; what is cut off
/// stays zero. Any fragment (first ones too) has no ports, because later ones do not carry them. DF
/// alone is not a fragment.
FlowKey parse(std::span<const uint8_t> frame);

/// As parse(), but where the frame is a tunnel's (VXLAN, GENEVE, GRE, IP in IP, MPLS, GTP-U, PPPoE)
/// the fields from ip_version on are those of the innermost IP packet that can be read, up to four
/// packets inside the outermost. MACs, VLANs and ethertype are the outer frame's. What is inside
/// but not IP, or cut off, leaves the fields of the packet around it, and without one ip_version 0.
/// A fragment of the tunnel's own packet keeps the outer fields, since only its first holds what is
/// inside.
FlowKey parse_inner(std::span<const uint8_t> frame);

/// True for ethertype 0x8809 (slow protocols), untagged.
bool is_slow_protocol(std::span<const uint8_t> frame);
/// True for ethertype 0x8809 behind one to four VLAN tags: what a partner sends by mistake, since
/// slow protocols belong to the link and not to a VLAN (IEEE 802.3 Annex 57A).
bool is_tagged_slow_protocol(std::span<const uint8_t> frame);

/// What belongs to the link it came over and is neither delivered nor passed on: slow protocols
/// (IEEE 802.3 Annex 57A), of them OAM (clause 57) and OSSP, which carries ESMC (ITU-T G.8264), and
/// MAC control, PAUSE first of all (clause 31 and Annex 31B). Link aggregation stands above all
/// these (802.1AX 6.1.1), so that they are never a lagg's.
enum class LinkFrame {
    NONE,
    SLOW, ///< LACP, Marker, and subtypes that are nobody's
    OAM,
    ESMC,
    MAC_CONTROL,
};
LinkFrame link_frame(std::span<const uint8_t> frame);
/// True for all of them but NONE: for the types 0x8808 and 0x8809, which differ in one bit.
bool stays_on_link(std::span<const uint8_t> frame);

} // namespace lagg::frame
