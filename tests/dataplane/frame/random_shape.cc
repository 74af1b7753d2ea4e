// No call has two random arguments: compilers evaluate arguments in different orders.
#include "tests/dataplane/frame/random_shape.hh"

#include "tests/dataplane/frame/cases.hh"
#include "tests/dataplane/frame/tunnels.hh"

#include <array>

namespace lagg::frame {

namespace {

constexpr int kDeepest = 6; // more than a parser follows
constexpr std::array<uint16_t, 3> kTags{0x8100, 0x88a8, 0x9100};
constexpr std::array<uint16_t, 8> kOtherTypes{0x0806, 0x8035, 0x88cc, 0x8863,
                                              0x88e5, 0x88f7, 0x0842, 0x9000};
constexpr std::array<uint16_t, 6> kTunnelPorts{kVxlanPort, kOldVxlanPort, kGenevePort,
                                               kGtpPort,   kMplsPort,     kVxlanPort};
constexpr std::array<uint8_t, 4> kExtensions{kHopByHop, kRouting, kDestination, kMobility};

} // namespace

void RandomShape::begin() {
    frame_ = FrameBuilder();
    depth_ = 0;
}

std::vector<uint8_t> RandomShape::plain() {
    begin();
    addresses();
    const uint8_t protocol = one_in(2) ? kTcp : kUdp;
    if (one_in(2)) {
        frame_.type(kIpv4).ipv4({.protocol = protocol,
                                 .fragment = one_in(2) ? kDf : uint16_t{0},
                                 .identification = number16(),
                                 .source = number32(),
                                 .destination = number32()});
    } else {
        frame_.type(kIpv6).ipv6({.next_header = protocol,
                                 .flow_label = number32() & 0xfffff,
                                 .traffic_class = octet(),
                                 .source = number32(),
                                 .destination = number32()});
    }
    frame_.be16(number16()).be16(static_cast<uint16_t>(number16() | 0x8000)); // no tunnel's
    frame_.fill(16, octet());
    payload();
    return frame_;
}

std::vector<uint8_t> RandomShape::odd() {
    begin();
    if (one_in(10)) {
        slow_protocol();
        return frame_;
    }
    ethernet();
    payload();
    return frame_;
}

/// Addresses of any kind, groups as well.
void RandomShape::addresses() {
    frame_.be32(number32()).be32(number32()).be32(number32());
}

void RandomShape::ethernet() {
    addresses();
    tags(one_in(2) ? 5 : 1);
    link_payload();
}

void RandomShape::tags(uint32_t most) {
    for (uint32_t left = below(most + 1); left > 0; left--)
        frame_.tag(kTags[below(kTags.size())], number16());
}

/// Everything from the ethertype on.
void RandomShape::link_payload() {
    const uint32_t kind = below(20);
    if (kind < 14) {
        const uint16_t type = ip_type();
        frame_.type(type);
        ip(type);
    } else if (kind < 16) {
        frame_.type(one_in(4) ? kMplsUpstream : kMpls);
        labels(frame_, static_cast<int>(1 + below(18)));
        either_ip();
    } else if (kind < 17) {
        const uint16_t type = ip_type();
        pppoe(frame_.type(kPppoe), type == kIpv4 ? 0x0021 : 0x0057, one_in(8) ? 7 : 0);
        ip(type);
    } else {
        not_ip();
    }
}

void RandomShape::not_ip() {
    if (one_in(4))
        frame_.be16(static_cast<uint16_t>(below(0x600))).raw({0x42, 0x42, 3}); // 802.3's length
    else
        frame_.type(kOtherTypes[below(kOtherTypes.size())]);
    frame_.fill(46, octet());
}

void RandomShape::slow_protocol() {
    frame_.be32(0x0180c200).be16(2).be16(0x0200).be32(number32());
    frame_.type(0x8809).raw({static_cast<uint8_t>(1 + below(4)), 1}).fill(108, octet());
}

void RandomShape::ip(uint16_t type) {
    depth_++;
    if (type == kIpv4)
        ipv4();
    else
        ipv6();
}

/// IPv4 or IPv6 behind a header that does not say which; sometimes it is neither.
void RandomShape::either_ip() {
    if (one_in(10))
        frame_.fill(40, octet());
    else
        ip(ip_type());
}

uint8_t RandomShape::protocol() {
    constexpr std::array<uint8_t, 18> kOften{
        kTcp,          kTcp,         kUdp,         kUdp, kUdp,    kUdp,
        kUdp,          kUdp,         kSctp,        kEsp, kIcmp,   kIpv4Protocol,
        kIpv6Protocol, kGreProtocol, kGreProtocol, 58,   kNoNext, kMplsProtocol};
    return one_in(30) ? octet() : kOften[below(kOften.size())];
}

void RandomShape::authentication(uint8_t protocol) {
    const auto words = static_cast<uint8_t>(1 + below(6));
    frame_.raw({protocol, words, 0, 0}).be32(number32()).fill((words - 1) * size_t{4}, 0x33);
}

void RandomShape::ipv4() {
    const uint8_t inside = protocol();
    const bool authentic = one_in(12), whole = !one_in(5);
    frame_.ipv4({.protocol = authentic ? kAuth : inside,
                 .fragment = whole ? (one_in(2) ? kDf : uint16_t{0}) : number16(),
                 .option_words = static_cast<uint8_t>(one_in(4) ? below(11) : 0),
                 .identification = number16(),
                 .source = number32(),
                 .destination = number32()});
    if (authentic) authentication(inside);
    transport(inside);
}

void RandomShape::ipv6() {
    const uint8_t inside = protocol();
    std::vector<uint8_t> chain; // of extension headers
    for (uint32_t left = one_in(2) ? below(10) : 0; left > 0; left--)
        chain.push_back(kExtensions[below(kExtensions.size())]);
    if (one_in(5))
        chain.insert(chain.begin() + below(static_cast<uint32_t>(chain.size()) + 1), kFragment);
    if (one_in(12)) chain.push_back(kAuth);
    chain.push_back(inside);
    frame_.ipv6({.next_header = chain.front(),
                 .flow_label = number32() & 0xfffff,
                 .traffic_class = octet(),
                 .source = number32(),
                 .destination = number32()});
    for (size_t i = 0; i + 1 < chain.size(); i++) {
        const uint8_t next = chain[i + 1];
        if (chain[i] == kFragment)
            frame_.fragment(next, one_in(4) ? uint16_t{0} : number16());
        else if (chain[i] == kAuth)
            authentication(next);
        else
            frame_.extension(next, static_cast<uint8_t>(below(3)));
    }
    transport(inside);
}

void RandomShape::transport(uint8_t protocol) {
    const bool deeper = depth_ < kDeepest;
    if (protocol == kUdp)
        udp();
    else if (protocol == kGreProtocol && deeper)
        gre();
    else if ((protocol == kIpv4Protocol || protocol == kIpv6Protocol) && deeper)
        ip(protocol == kIpv4Protocol ? kIpv4 : kIpv6);
    else if (protocol == kMplsProtocol && deeper) {
        labels(frame_, static_cast<int>(1 + below(4)));
        either_ip();
    } else
        frame_.be16(number16()).be16(number16()).fill(12, octet());
}

void RandomShape::udp() {
    const bool tunnel = depth_ < kDeepest && !one_in(3);
    const uint16_t port = tunnel ? kTunnelPorts[below(kTunnelPorts.size())] : number16();
    frame::udp(frame_, port, number16());
    if (tunnel) udp_tunnel(port);
}

void RandomShape::udp_tunnel(uint16_t port) {
    if (port == kVxlanPort || port == kOldVxlanPort) {
        vxlan(frame_, one_in(10) ? octet() : uint8_t{0x08});
        ethernet();
    } else if (port == kGenevePort) {
        const uint16_t type = one_in(2) ? kBridging : ip_type();
        const auto words = static_cast<uint8_t>(one_in(8) ? below(64) : below(4));
        geneve(frame_, type, words, one_in(16) ? 1 : 0);
        if (type == kBridging) return ethernet();
        ip(type);
    } else if (port == kGtpPort) {
        const auto flags = static_cast<uint8_t>(0x30 | below(4));
        const auto words = static_cast<uint8_t>(1 + below(3));
        const uint8_t message = one_in(10) ? octet() : uint8_t{0xff};
        if (one_in(3))
            gtp(frame_, flags | 0x04, message, {words, 1});
        else
            gtp(frame_, flags, message);
        either_ip();
    } else {
        labels(frame_, static_cast<int>(1 + below(4)));
        either_ip();
    }
}

void RandomShape::gre() {
    const uint16_t optional[] = {0, 0x2000, 0x3000, 0xb000, 0x8000, number16()};
    const uint16_t flags = optional[below(one_in(4) ? 6 : 5)];
    const uint32_t kind = below(5);
    if (kind < 2) {
        frame::gre(frame_, kBridging, flags);
        return ethernet();
    }
    if (kind == 2) {
        labels(frame::gre(frame_, kMpls, flags), 2);
        return either_ip();
    }
    const uint16_t type = ip_type();
    frame::gre(frame_, type, flags);
    ip(type);
}

void RandomShape::payload() {
    frame_.fill(below(64), octet());
}

} // namespace lagg::frame
