// The layers that every frame has, Ethernet and IP. parse() is these two; parse_inner() comes back
// to them for each packet in a packet. They are inline because parse() is in the path of every
// frame that is not of the plainest shape.
//
// Lengths that a header states about itself are believed only as far as the frame goes; lengths
// that IP states about the packet are not read at all, since a frame is bounded by what was
// received.
#pragma once

#include "dataplane/frame/bytes.hh"
#include "dataplane/frame/flow_key.hh"

namespace lagg::frame {

inline constexpr uint16_t kTypeIpv4 = 0x0800;
inline constexpr uint16_t kTypeIpv6 = 0x86dd;

inline constexpr size_t kAddressesSize = 12; ///< of Ethernet's two
inline constexpr size_t kTagSize = 4;
inline constexpr int kMaxTags = 4;
inline constexpr uint16_t kSmallestEthertype = 0x600; ///< below it the field is a length (802.3)

inline constexpr size_t kIpv4Size = 20;               ///< without options
inline constexpr uint16_t kIpv4FragmentBits = 0x3fff; ///< MF, offset, but neither DF nor reserved
inline constexpr size_t kIpv6Size = 40;
inline constexpr uint16_t kIpv6FragmentBits = 0xfff9; ///< offset, M, but not the two reserved bits
inline constexpr int kMaxExtensions = 8;
inline constexpr size_t kExtensionUnit = 8; ///< the smallest one, and the unit of their lengths

enum : uint8_t {
    kHopByHop = 0,
    kIpv4Inside = 4,
    kTcp = 6,
    kUdp = 17,
    kIpv6Inside = 41,
    kRouting = 43,
    kFragment = 44,
    kGre = 47,
    kEncryption = 50,
    kAuthentication = 51,
    kDestinationOptions = 60,
    kSctp = 132,
    kMobility = 135,
    kMplsInside = 137,
};

/// What a header carries, and the octets behind it. 16 octets and no more, so that it travels in
/// two registers: through memory it would be written in parts and read as a whole, and a load waits
/// for stores narrower than itself.
class Payload {
  public:
    Payload() = default;
    /// `kind` is an ethertype behind a link layer (0: none), a protocol number behind IP.
    Payload(uint16_t kind, Bytes bytes)
        : data_(bytes.data()), size_(static_cast<uint32_t>(bytes.size())), kind_(kind) {}
    uint16_t kind() const { return kind_; }
    Bytes bytes() const { return {data_, size_}; }

  private:
    const uint8_t *data_ = nullptr;
    uint32_t size_ = 0;
    uint16_t kind_ = 0;
};
using LinkPayload = Payload;
/// A fragment carries nothing readable: its bytes are empty.
using IpPayload = Payload;

[[gnu::always_inline]] inline bool is_tag(uint16_t type) {
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/// True where parse() reads nothing behind the type field of a frame without tags: all of its key
/// are the addresses and the type, and where that is a length not even the type. `type` is in host
/// order.
[[gnu::always_inline]] inline bool ends_with_type(uint16_t type) {
    return type != kTypeIpv4 && type != kTypeIpv6 && !is_tag(type);
}

/// Reads from the first type field to the ethertype. The first two tags are kept. A length is no
/// ethertype: it differs from frame to frame of one conversation.
inline LinkPayload read_tags(Bytes rest, FlowKey &key) {
    for (int depth = 0; depth <= kMaxTags && rest.size() >= 2; depth++) {
        const uint16_t type = load16(rest.data());
        if (!is_tag(type)) {
            key.ethertype = type >= kSmallestEthertype ? type : uint16_t{0};
            return {key.ethertype, rest.subspan(2)};
        }
        if (rest.size() < kTagSize) break;
        const uint16_t vlan = load16(rest.data() + 2) & 0x0fff;
        if (depth == 0) key.outer_vlan = vlan;
        if (depth == 1) key.inner_vlan = vlan;
        rest = rest.subspan(kTagSize);
    }
    return {};
}

/// Ethernet's header: the fields of a key up to the ethertype. Both addresses are one copy, since a
/// key begins as a frame does.
inline LinkPayload read_link(Bytes frame, FlowKey &key) {
    static_assert(offsetof(FlowKey, destination_mac) == 0 && offsetof(FlowKey, source_mac) == 6);
    if (frame.size() < kAddressesSize) {
        if (frame.size() >= 6) std::memcpy(key.destination_mac.data(), frame.data(), 6);
        return {};
    }
    std::memcpy(static_cast<void *>(&key), frame.data(), kAddressesSize);
    return read_tags(frame.subspan(kAddressesSize), key);
}

/// Ports, or what stands for them: the SPI of ESP. One that AH gave already stays, since AH is in
/// front.
inline void read_transport(Bytes transport, FlowKey &key) {
    if (transport.size() < 4) return;
    if (key.protocol == kTcp || key.protocol == kUdp || key.protocol == kSctp) {
        key.source_port = load16(transport.data());
        key.destination_port = load16(transport.data() + 2);
        key.has_ports = true;
    } else if (key.protocol == kEncryption && key.spi == 0) {
        key.spi = load32(transport.data());
    }
}

/// In IPv4 AH is the only header between IP and the transport.
inline bool is_extension(uint8_t header, uint8_t ip_version) {
    if (header == kAuthentication) return true;
    if (ip_version == 4) return false;
    return header == kHopByHop || header == kRouting || header == kFragment ||
           header == kDestinationOptions || header == kMobility;
}

inline size_t extension_size(uint8_t header, uint8_t length_field) {
    if (header == kFragment) return kExtensionUnit; // the field is reserved there
    if (header == kAuthentication) return (length_field + 2u) * 4u;
    return (length_field + 1u) * kExtensionUnit;
}

/// Walks to the transport header. A fragment ends the walk at its fragment header: only the first
/// fragment holds what follows, whereas all of them repeat the headers so far and the number of the
/// next one, which therefore stands as the protocol of them all. A fragment header in front of a
/// whole datagram (offset 0, no more to come) is walked over like any other header.
inline IpPayload read_ip_payload(uint8_t header, Bytes rest, FlowKey &key) {
    uint32_t spi = 0;
    for (int walked = 0; walked <= kMaxExtensions; walked++) {
        if (!is_extension(header, key.ip_version)) {
            key.protocol = header;
            if (spi != 0) key.spi = spi;
            read_transport(rest, key);
            return {header, rest};
        }
        if (rest.size() < kExtensionUnit) break;
        const uint8_t next = rest[0];
        if (header == kFragment && (load16(rest.data() + 2) & kIpv6FragmentBits) != 0) {
            key.protocol = next;
            return {next, {}};
        }
        if (header == kAuthentication && spi == 0) spi = load32(rest.data() + 4);
        rest = behind(rest, extension_size(header, rest[1]));
        header = next;
    }
    return {};
}

inline size_t ipv4_header_size(Bytes packet) {
    return (packet[0] & 0x0fu) * 4u;
}

inline bool is_ipv4(Bytes packet) {
    return packet.size() >= kIpv4Size && packet[0] >> 4 == 4 &&
           ipv4_header_size(packet) >= kIpv4Size;
}

inline bool is_ipv6(Bytes packet) {
    return packet.size() >= kIpv6Size && packet[0] >> 4 == 6;
}

inline IpPayload read_ipv4(Bytes packet, FlowKey &key) {
    key.ip_version = 4;
    std::memcpy(key.source_ip.data(), packet.data() + 12, 4);
    std::memcpy(key.destination_ip.data(), packet.data() + 16, 4);
    if ((load16(packet.data() + 6) & kIpv4FragmentBits) != 0) {
        key.protocol = packet[9];
        return {key.protocol, {}};
    }
    return read_ip_payload(packet[9], behind(packet, ipv4_header_size(packet)), key);
}

inline IpPayload read_ipv6(Bytes packet, FlowKey &key) {
    key.ip_version = 6;
    key.flow_label = load32(packet.data()) & 0xfffff;
    std::memcpy(key.source_ip.data(), packet.data() + 8, 16);
    std::memcpy(key.destination_ip.data(), packet.data() + 24, 16);
    return read_ip_payload(packet[6], packet.subspan(kIpv6Size), key);
}

/// Whether there is a header of IP that can be read.
inline bool holds_ip(const LinkPayload &link) {
    if (link.kind() == kTypeIpv4) return is_ipv4(link.bytes());
    return link.kind() == kTypeIpv6 && is_ipv6(link.bytes());
}

/// The fields of a key from ip_version on, which are zero before. Only for what holds_ip().
inline IpPayload read_ip(const LinkPayload &link, FlowKey &key) {
    return link.kind() == kTypeIpv4 ? read_ipv4(link.bytes(), key) : read_ipv6(link.bytes(), key);
}

} // namespace lagg::frame
