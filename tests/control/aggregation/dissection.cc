#include "tests/control/aggregation/dissection.hh"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace lagg::aggregation {

namespace {

/// Promises of frame/flow_key.hh and tunnel.cc.
constexpr int kTags = 4;
constexpr int kHeadersBehindIpv6 = 8;
constexpr int kPackets = 5;
constexpr int kLayersBetweenPackets = 4;
constexpr int kLabels = 16;
constexpr int kGtpHeaders = 8;

/// The frame ends before the field that was asked for.
struct Cut {};

class Cursor {
  public:
    explicit Cursor(std::span<const uint8_t> octets) : rest_(octets) {}

    uint32_t number(size_t octets) {
        uint32_t value = 0;
        for (const uint8_t octet : take(octets))
            value = value << 8 | octet;
        return value;
    }
    std::span<const uint8_t> take(size_t count) {
        if (count > rest_.size()) throw Cut{};
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    /// Beyond the end too: what is missing is missed when it is asked for.
    void skip(size_t count) { rest_ = rest_.subspan(std::min(count, rest_.size())); }
    uint8_t peek() const {
        if (rest_.empty()) throw Cut{};
        return rest_[0];
    }
    size_t left() const { return rest_.size(); }

  private:
    std::span<const uint8_t> rest_;
};

std::string mac(Cursor &at) {
    std::string text;
    for (const uint8_t octet : at.take(6)) {
        char two[4];
        std::snprintf(two, sizeof two, "%02x", octet);
        text += (text.empty() ? "" : ":") + std::string(two);
    }
    return text;
}

std::string address(Cursor &at, int family) {
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(family, at.take(family == AF_INET ? 4 : 16).data(), text, sizeof text);
}

/// What stands in front of an upper layer: an EtherType, or a protocol number of IP.
struct Content {
    std::optional<uint32_t> kind;
    Cursor at;
};

// ---- IEEE 802.1Q and 802.3

/// Behind the addresses. A length field is no type.
Content link_content(Cursor at, api::FlowQuestion *question) {
    for (int tags = 0;; ++tags) {
        if (at.left() < 2) return {std::nullopt, at};
        const uint32_t type = at.number(2);
        if (type != 0x8100 && type != 0x88a8 && type != 0x9100) return {type < 1536 ? 0 : type, at};
        if (tags == kTags || at.left() < 2) return {std::nullopt, at};
        const std::string id = std::to_string(at.number(2) & 0xfff);
        if (question != nullptr && tags == 0) question->vlan = id;
        if (question != nullptr && tags == 1) question->inner_vlan = id;
    }
}

// ---- RFC 791, 8200, 4302, 4303

/// A packet of IP: what a question says of it, and what it carries.
struct Packet {
    api::FlowQuestion says;
    Content content;
};

void read_ports(uint32_t protocol, Cursor at, std::optional<uint32_t> spi,
                api::FlowQuestion &says) {
    says.proto = std::to_string(protocol);
    if (spi) says.spi = std::to_string(*spi);
    if (at.left() < 4) return;
    if (protocol == 6 || protocol == 17 || protocol == 132) {
        says.sport = std::to_string(at.number(2));
        says.dport = std::to_string(at.number(2));
    } else if (protocol == 50 && !spi) {
        says.spi = std::to_string(at.number(4));
    }
}

Content fragment(uint32_t protocol, Cursor at, api::FlowQuestion &says) {
    says.proto = std::to_string(protocol);
    says.fragment = "yes";
    return {std::nullopt, at};
}

bool stands_before_transport(uint32_t header, int family) {
    if (header == 51) return true; // AH
    if (family == AF_INET) return false;
    return header == 0 || header == 43 || header == 44 || header == 60 || header == 135;
}

Content transport(uint32_t header, Cursor at, int family, api::FlowQuestion &says) {
    std::optional<uint32_t> spi;
    for (int passed = 0; stands_before_transport(header, family); ++passed) {
        // A header beyond the limit is looked at only when it is a fragment header.
        const bool too_deep = passed == kHeadersBehindIpv6 && header != 44;
        if (too_deep || passed > kHeadersBehindIpv6 || at.left() < 8) return {std::nullopt, at};
        Cursor body = at;
        const uint32_t next = body.number(1), length = body.number(1);
        const uint32_t third = body.number(2), fourth = body.number(4);
        if (header == 44) {
            // Offset in units of eight octets, two reserved bits, and whether more come.
            if ((third & 0xfff8) != 0 || (third & 1) != 0) return fragment(next, at, says);
            at.skip(8);
        } else if (header == 51) {
            if (!spi) spi = fourth;
            at.skip(4 * (length + 2));
        } else {
            at.skip(8 * (length + 1));
        }
        header = next;
    }
    read_ports(header, at, spi, says);
    return {header, at};
}

std::optional<Packet> ipv4(Cursor at) {
    if (at.left() < 20) return std::nullopt;
    Cursor header = at;
    const uint32_t first = header.number(1);
    if (first >> 4 != 4 || (first & 15) < 5) return std::nullopt;
    header.skip(5);
    const uint32_t flags = header.number(2);
    header.skip(1);
    const uint32_t protocol = header.number(1);
    header.skip(2);
    api::FlowQuestion says;
    says.src = address(header, AF_INET);
    says.dst = address(header, AF_INET);
    at.skip(4 * (first & 15));
    const bool more = (flags & 0x2000) != 0, later = (flags & 0x1fff) != 0;
    Content content =
        more || later ? fragment(protocol, at, says) : transport(protocol, at, AF_INET, says);
    return Packet{std::move(says), content};
}

std::optional<Packet> ipv6(Cursor at) {
    if (at.left() < 40) return std::nullopt;
    const uint32_t first = at.number(4);
    if (first >> 28 != 6) return std::nullopt;
    at.skip(2);
    const uint32_t next = at.number(1);
    at.skip(1);
    api::FlowQuestion says;
    says.flow_label = std::to_string(first & 0xfffff);
    says.src = address(at, AF_INET6);
    says.dst = address(at, AF_INET6);
    Content content = transport(next, at, AF_INET6, says);
    return Packet{std::move(says), content};
}

std::optional<Packet> packet_in(const Content &content) {
    if (content.kind == 0x0800) return ipv4(content.at);
    if (content.kind == 0x86dd) return ipv6(content.at);
    return std::nullopt;
}

// ---- tunnels

/// MPLS and GTP carry IP without saying which.
Content by_first_nibble(Cursor at) {
    const uint32_t version = at.peek() >> 4;
    if (version == 4) return {0x0800, at};
    if (version == 6) return {0x86dd, at};
    return {std::nullopt, at};
}

/// RFC 3032.
Content mpls(Cursor at) {
    for (int label = 0; label < kLabels; ++label)
        if ((at.number(4) & 0x100) != 0) return by_first_nibble(at);
    return {std::nullopt, at};
}

/// RFC 2516, with the protocol numbers of RFC 1332 and 5072.
Content pppoe(Cursor at) {
    const uint32_t version_type = at.number(1), code = at.number(1);
    at.number(4);
    const uint32_t protocol = at.number(2);
    if (version_type != 0x11 || code != 0) return {std::nullopt, at};
    if (protocol == 0x0021) return {0x0800, at};
    if (protocol == 0x0057) return {0x86dd, at};
    return {std::nullopt, at};
}

/// RFC 2784 and 2890; neither routing nor version 1.
Content gre(Cursor at) {
    const uint32_t flags = at.number(2), type = at.number(2);
    if ((flags & 0x4007) != 0) return {std::nullopt, at};
    for (const uint32_t optional : {0x8000, 0x2000, 0x1000})
        if ((flags & optional) != 0) at.skip(4);
    return {type, at};
}

/// RFC 7348.
Content vxlan(Cursor at) {
    const uint32_t first = at.number(1);
    at.number(4);
    at.number(3);
    if ((first & 0x08) == 0) return {std::nullopt, at};
    return {0x6558, at};
}

/// RFC 8926.
Content geneve(Cursor at) {
    const uint32_t first = at.number(1);
    at.number(1);
    const uint32_t type = at.number(2);
    at.number(4);
    if (first >> 6 != 0) return {std::nullopt, at};
    at.skip(4 * (first & 63));
    return {type, at};
}

/// 3GPP TS 29.281, clause 5.
Content gtp(Cursor at) {
    const uint32_t first = at.number(1), message = at.number(1);
    at.number(2);
    at.number(4);
    if (first >> 4 != 3 || message != 0xff) return {std::nullopt, at};
    if ((first & 7) != 0) {
        at.number(3);
        uint32_t next = at.number(1);
        if ((first & 4) == 0) next = 0;
        for (int passed = 0; next != 0; ++passed) {
            const size_t words = at.peek();
            if (passed == kGtpHeaders || words == 0) return {std::nullopt, at};
            next = at.take(4 * words).back();
        }
    }
    return by_first_nibble(at);
}

Content carried_by(const Packet &packet) {
    Cursor at = packet.content.at;
    switch (packet.content.kind.value_or(59)) { // 59: no next header
    case 4: return {0x0800, at};
    case 41: return {0x86dd, at};
    case 47: return gre(at);
    case 137: return {0x8847, at};
    case 17: break;
    default: return {std::nullopt, at};
    }
    at.number(2);
    const uint32_t port = at.number(2);
    at.number(4);
    switch (port) {
    case 2152: return gtp(at);
    case 4789:
    case 8472: return vxlan(at);
    case 6081: return geneve(at);
    case 6635: return {0x8847, at};
    default: return {std::nullopt, at};
    }
}

/// Through whatever stands between two packets of IP.
Content to_packet(Content content) {
    for (int layer = 0; layer < kLayersBetweenPackets; ++layer) {
        if (content.kind == 0x8847 || content.kind == 0x8848) {
            content = mpls(content.at);
        } else if (content.kind == 0x8864) {
            content = pppoe(content.at);
        } else if (content.kind == 0x6558) {
            content.at.take(12);
            content = link_content(content.at, nullptr);
        } else {
            break;
        }
    }
    return content;
}

std::optional<Packet> innermost_packet(Content content) {
    std::optional<Packet> found;
    try {
        for (int packets = 0; packets < kPackets; ++packets) {
            const std::optional<Packet> inside = packet_in(to_packet(content));
            if (!inside) break;
            found = inside;
            content = carried_by(*found);
        }
    } catch (const Cut &) {
        // What is cut off leaves the packet around it.
    }
    return found;
}

} // namespace

std::optional<api::FlowQuestion> dissect(std::span<const uint8_t> frame, bool innermost) {
    if (frame.size() < 12) return std::nullopt;
    Cursor at(frame);
    api::FlowQuestion link;
    link.dmac = mac(at);
    link.smac = mac(at);
    const Content content = link_content(at, &link);
    const uint32_t type = content.kind.value_or(0);
    if (!link.vlan && (type == 0x8808 || type == 0x8809)) return std::nullopt;
    const std::optional<Packet> packet = innermost ? innermost_packet(content) : packet_in(content);
    if (!packet && (type == 0x0800 || type == 0x86dd)) return std::nullopt;
    api::FlowQuestion question = packet ? packet->says : api::FlowQuestion{};
    question.dmac = link.dmac;
    question.smac = link.smac;
    question.vlan = link.vlan;
    question.inner_vlan = link.inner_vlan;
    question.ethertype = std::to_string(type);
    return question;
}

} // namespace lagg::aggregation
