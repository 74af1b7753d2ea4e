// The one parser of frames. Lengths that a header states about itself are believed only as far as
// the frame goes; lengths that IP states about the packet are not read at all, since a frame is
// bounded by what was received.
#include "dataplane/frame/flow_key.hh"

#include <algorithm>
#include <cstddef>

namespace lagg::frame {

namespace {

using Bytes = std::span<const uint8_t>;

constexpr size_t kTypeOffset = 12;
constexpr size_t kTagSize = 4;
constexpr int kMaxTags = 4;
constexpr uint16_t kSmallestEthertype = 0x600; // below it the field is a length (IEEE 802.3)
constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeIpv6 = 0x86dd;
constexpr uint16_t kTypeSlow = 0x8809;

constexpr size_t kIpv4Size = 20;               // without options
constexpr uint16_t kIpv4FragmentBits = 0x3fff; // MF and the offset, but neither DF nor the reserved
constexpr size_t kIpv6Size = 40;
constexpr uint16_t kIpv6FragmentBits = 0xfff9; // the offset and M, but not the two reserved bits
constexpr int kMaxExtensions = 8;
constexpr size_t kExtensionUnit = 8; // the smallest extension header, and the unit of their lengths

enum : uint8_t {
    kHopByHop = 0,
    kTcp = 6,
    kUdp = 17,
    kRouting = 43,
    kFragment = 44,
    kAuthentication = 51,
    kDestinationOptions = 60,
    kSctp = 132,
    kMobility = 135,
};

uint16_t load16(Bytes bytes, size_t at) {
    return static_cast<uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

/// What follows `count` octets: nothing, where the frame ends before.
Bytes behind(Bytes bytes, size_t count) {
    return bytes.subspan(std::min(count, bytes.size()));
}

void read_addresses(Bytes frame, FlowKey &key) {
    if (frame.size() >= 6) std::copy_n(frame.begin(), 6, key.destination_mac.begin());
    if (frame.size() >= 12) std::copy_n(frame.begin() + 6, 6, key.source_mac.begin());
}

bool is_tag(uint16_t type) {
    return type == 0x8100 || type == 0x88a8 || type == 0x9100;
}

/// Reads from the first type field to the ethertype, and returns what lies behind it. The first two
/// tags are kept. A length is no ethertype: it differs from frame to frame of one conversation.
Bytes read_tags(Bytes rest, FlowKey &key) {
    for (int depth = 0; depth <= kMaxTags && rest.size() >= 2; depth++) {
        const uint16_t type = load16(rest, 0);
        if (!is_tag(type)) {
            key.ethertype = type >= kSmallestEthertype ? type : 0;
            return rest.subspan(2);
        }
        if (rest.size() < kTagSize) break;
        const uint16_t vlan = load16(rest, 2) & 0x0fff;
        if (depth == 0) key.outer_vlan = vlan;
        if (depth == 1) key.inner_vlan = vlan;
        rest = rest.subspan(kTagSize);
    }
    return {};
}

void read_ports(Bytes transport, FlowKey &key) {
    if (key.protocol != kTcp && key.protocol != kUdp && key.protocol != kSctp) return;
    if (transport.size() < 4) return;
    key.source_port = load16(transport, 0);
    key.destination_port = load16(transport, 2);
    key.has_ports = true;
}

void read_ipv4(Bytes packet, FlowKey &key) {
    if (packet.size() < kIpv4Size || packet[0] >> 4 != 4) return;
    const size_t header_size = (packet[0] & 0x0fu) * 4u;
    if (header_size < kIpv4Size) return;
    key.ip_version = 4;
    key.protocol = packet[9];
    std::copy_n(packet.begin() + 12, 4, key.source_ip.begin());
    std::copy_n(packet.begin() + 16, 4, key.destination_ip.begin());
    if ((load16(packet, 6) & kIpv4FragmentBits) != 0) return;
    read_ports(behind(packet, header_size), key);
}

bool is_extension(uint8_t header) {
    return header == kHopByHop || header == kRouting || header == kFragment ||
           header == kAuthentication || header == kDestinationOptions || header == kMobility;
}

size_t extension_size(uint8_t header, uint8_t length_field) {
    if (header == kFragment) return kExtensionUnit; // the field is reserved there
    if (header == kAuthentication) return (length_field + 2u) * 4u;
    return (length_field + 1u) * kExtensionUnit;
}

/// Walks to the transport header. A fragment ends the walk at its fragment header: only the first
/// fragment holds what follows, whereas all of them repeat the headers so far and the number of the
/// next one, which therefore stands as the protocol of them all. A fragment header in front of a
/// whole datagram (offset 0, no more to come) is walked over like any other header.
void read_ipv6_payload(uint8_t header, Bytes rest, FlowKey &key) {
    for (int walked = 0; walked <= kMaxExtensions; walked++) {
        if (!is_extension(header)) {
            key.protocol = header;
            read_ports(rest, key);
            return;
        }
        if (rest.size() < kExtensionUnit) return;
        const uint8_t next = rest[0];
        if (header == kFragment && (load16(rest, 2) & kIpv6FragmentBits) != 0) {
            key.protocol = next;
            return;
        }
        rest = behind(rest, extension_size(header, rest[1]));
        header = next;
    }
}

void read_ipv6(Bytes packet, FlowKey &key) {
    if (packet.size() < kIpv6Size || packet[0] >> 4 != 6) return;
    key.ip_version = 6;
    std::copy_n(packet.begin() + 8, 16, key.source_ip.begin());
    std::copy_n(packet.begin() + 24, 16, key.destination_ip.begin());
    read_ipv6_payload(packet[6], packet.subspan(kIpv6Size), key);
}

} // namespace

FlowKey parse(std::span<const uint8_t> frame) {
    FlowKey key;
    read_addresses(frame, key);
    const Bytes payload = read_tags(behind(frame, kTypeOffset), key);
    if (key.ethertype == kTypeIpv4) read_ipv4(payload, key);
    if (key.ethertype == kTypeIpv6) read_ipv6(payload, key);
    return key;
}

FlowKey parse_inner(std::span<const uint8_t> frame) {
    return parse(frame);
}

bool is_slow_protocol(std::span<const uint8_t> frame) {
    return frame.size() >= kTypeOffset + 2 && load16(frame, kTypeOffset) == kTypeSlow;
}

} // namespace lagg::frame
