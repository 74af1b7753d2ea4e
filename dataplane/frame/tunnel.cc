// parse_inner(): what is inside of a tunnel decides where a frame goes, because all that a tunnel
// carries has one pair of outer addresses and would end on one member.
//
// Everything a tunnel can carry is named by its ethertype, so that two steps, taken in turn, reach
// the inside of any nesting: from a link layer to the IP packet in it, and from an IP packet to the
// link layer (or the next IP packet) that its payload is.
#include "dataplane/frame/flow_key.hh"
#include "dataplane/frame/layers.hh"

#include <bit>

namespace lagg::frame {

namespace {

constexpr int kMaxTunnels = 4;    // IP packets inside the outermost one
constexpr int kMaxLinkLayers = 4; // in front of one IP packet
constexpr int kMaxLabels = 16;
constexpr int kMaxGtpExtensions = 8;

constexpr uint16_t kTypeBridging = 0x6558; // an Ethernet frame
constexpr uint16_t kTypeMpls = 0x8847;
constexpr uint16_t kTypeMplsUpstream = 0x8848;
constexpr uint16_t kTypePppoe = 0x8864; // the session, not discovery

constexpr uint16_t kPortGtp = 2152;
constexpr uint16_t kPortVxlan = 4789;
constexpr uint16_t kPortVxlanOfOld = 8472; // Linux's default from before there was a number
constexpr uint16_t kPortGeneve = 6081;
constexpr uint16_t kPortMpls = 6635;

/// MPLS and GTP-U do not say what they carry; the first nibble of IP is its version. A frame of a
/// pseudowire without control word may look like IP, as to every router that balances by it.
LinkPayload by_version(Bytes packet) {
    if (packet.empty()) return {};
    if (packet[0] >> 4 == 4) return {kTypeIpv4, packet};
    if (packet[0] >> 4 == 6) return {kTypeIpv6, packet};
    return {};
}

/// RFC 3032: a stack of labels up to the one with the bottom bit.
LinkPayload inside_mpls(Bytes rest) {
    for (int label = 0; label < kMaxLabels && rest.size() >= 4; label++) {
        const bool bottom = (rest[2] & 1) != 0;
        rest = rest.subspan(4);
        if (bottom) return by_version(rest);
    }
    return {};
}

/// RFC 2516: version and type 1, code 0 for a session, then PPP's own number of what it carries.
LinkPayload inside_pppoe(Bytes rest) {
    if (rest.size() < 8 || rest[0] != 0x11 || rest[1] != 0) return {};
    const uint16_t protocol = load16(rest.data() + 6);
    if (protocol == 0x0021) return {kTypeIpv4, rest.subspan(8)};
    if (protocol == 0x0057) return {kTypeIpv6, rest.subspan(8)};
    return {};
}

LinkPayload inside_ethernet(Bytes frame) {
    FlowKey ignored;
    return read_tags(behind(frame, kAddressesSize), ignored);
}

/// RFC 2784 and 2890, and with them NVGRE. Version 1 is PPTP's, and a route no more in use.
LinkPayload inside_gre(Bytes rest) {
    constexpr unsigned kChecksum = 0x8000, kRoute = 0x4000, kKey = 0x2000, kSequence = 0x1000;
    constexpr unsigned kVersion = 0x0007;
    if (rest.size() < 4) return {};
    const unsigned flags = load16(rest.data());
    if ((flags & (kRoute | kVersion)) != 0) return {};
    const auto words = std::popcount(flags & (kChecksum | kKey | kSequence));
    return {load16(rest.data() + 2), behind(rest, 4 + static_cast<size_t>(words) * 4)};
}

/// RFC 7348. Without the bit that a network identifier is there it is something else.
LinkPayload inside_vxlan(Bytes rest) {
    if (rest.size() < 8 || (rest[0] & 0x08) == 0) return {};
    return {kTypeBridging, rest.subspan(8)};
}

/// RFC 8926.
LinkPayload inside_geneve(Bytes rest) {
    if (rest.size() < 8 || rest[0] >> 6 != 0) return {};
    const size_t options = (rest[0] & 0x3fu) * 4u;
    return {load16(rest.data() + 2), behind(rest, 8 + options)};
}

/// The extension headers of GTP-U: each has its length in words of 4 octets first, and the type of
/// the next one last; 0 ends them.
LinkPayload behind_gtp_extensions(uint8_t type, Bytes rest) {
    for (int walked = 0; type != 0; walked++) {
        if (walked == kMaxGtpExtensions || rest.empty()) return {};
        const size_t size = rest[0] * size_t{4};
        if (size == 0 || rest.size() < size) return {};
        type = rest[size - 1];
        rest = rest.subspan(size);
    }
    return by_version(rest);
}

/// 3GPP TS 29.281: version 1, protocol type GTP, and the message that carries a packet. One of
/// three bits brings four octets with the fields of all of them.
LinkPayload inside_gtp(Bytes rest) {
    if (rest.size() < 8 || (rest[0] & 0xf0) != 0x30 || rest[1] != 0xff) return {};
    const bool extended = (rest[0] & 0x04) != 0;
    if ((rest[0] & 0x07) == 0) return by_version(rest.subspan(8));
    if (rest.size() < 12) return {};
    return behind_gtp_extensions(extended ? rest[11] : uint8_t{0}, rest.subspan(12));
}

LinkPayload inside_udp(Bytes datagram) {
    if (datagram.size() < 8) return {};
    const Bytes rest = datagram.subspan(8);
    switch (load16(datagram.data() + 2)) {
    case kPortVxlan:
    case kPortVxlanOfOld: return inside_vxlan(rest);
    case kPortGeneve: return inside_geneve(rest);
    case kPortGtp: return inside_gtp(rest);
    case kPortMpls: return {kTypeMpls, rest};
    default: return {};
    }
}

[[gnu::noinline]] LinkPayload inside_ip(const IpPayload &payload) {
    switch (payload.kind()) {
    case kUdp: return inside_udp(payload.bytes());
    case kIpv4Inside: return {kTypeIpv4, payload.bytes()};
    case kIpv6Inside: return {kTypeIpv6, payload.bytes()};
    case kGre: return inside_gre(payload.bytes());
    case kMplsInside: return {kTypeMpls, payload.bytes()};
    default: return {};
    }
}

/// Through the layers that are not IP. Where none is found the type is not IP's.
LinkPayload to_ip(LinkPayload link) {
    for (int layer = 0; layer < kMaxLinkLayers; layer++) {
        switch (link.kind()) {
        case kTypeMpls:
        case kTypeMplsUpstream: link = inside_mpls(link.bytes()); break;
        case kTypePppoe: link = inside_pppoe(link.bytes()); break;
        case kTypeBridging: link = inside_ethernet(link.bytes()); break;
        default: return link;
        }
    }
    return link;
}

/// What read_ip() fills. A key is not copied to do so: loads that are wider than the stores before
/// them wait until those are done, which costs more than all the rest.
void clear_ip(FlowKey &key) {
    key.ip_version = 0;
    key.protocol = 0;
    key.source_ip = {};
    key.destination_ip = {};
    key.source_port = 0;
    key.destination_port = 0;
    key.has_ports = false;
    key.flow_label = 0;
    key.spi = 0;
}

/// Goes down from a link layer with `depth` packets of IP around it. This and inside_ip() are not
/// inline, so that parse_inner() has no registers to save for a frame that is no tunnel's.
[[gnu::noinline]] void look_inside(LinkPayload link, int depth, FlowKey &key) {
    for (link = to_ip(link); depth <= kMaxTunnels && holds_ip(link); depth++) {
        clear_ip(key);
        link = to_ip(inside_ip(read_ip(link, key)));
    }
}

bool is_tunnel_port(uint16_t port) {
    return port == kPortVxlan || port == kPortVxlanOfOld || port == kPortGeneve ||
           port == kPortGtp || port == kPortMpls;
}

/// Whether inside_ip() is worth a call: most packets are no tunnel's, and are done without one.
bool may_be_tunnel(const FlowKey &key) {
    if (key.protocol == kTcp) return false;
    if (key.protocol == kUdp) return is_tunnel_port(key.destination_port);
    return key.protocol == kIpv4Inside || key.protocol == kIpv6Inside || key.protocol == kGre ||
           key.protocol == kMplsInside;
}

} // namespace

FlowKey parse_inner(std::span<const uint8_t> frame) {
    FlowKey key;
    const LinkPayload link = read_link(frame, key);
    if (!holds_ip(link)) {
        look_inside(link, 0, key);
        return key;
    }
    const IpPayload payload = read_ip(link, key);
    if (may_be_tunnel(key)) look_inside(inside_ip(payload), 1, key);
    return key;
}

} // namespace lagg::frame
