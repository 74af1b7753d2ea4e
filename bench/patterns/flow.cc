#include "bench/patterns/flow.hh"

#include "tests/dataplane/frame/tunnels.hh"

namespace lagg::bench {

namespace {

using frame::FrameBuilder;

constexpr uint16_t kIpv4Type = 0x0800, kIpv6Type = 0x86dd, kTagType = 0x8100, kServiceTag = 0x88a8;
constexpr uint16_t kMoreFragments = 0x2000, kSomeOffset = 0x00b9;
constexpr size_t kSmallest = 60; ///< octets of a frame without FCS

void write_mac(FrameBuilder &to, uint64_t mac) {
    to.be16(static_cast<uint16_t>(mac >> 32)).be32(static_cast<uint32_t>(mac));
}

void write_address(FrameBuilder &to, const Ipv6Address &address) {
    for (const uint64_t half : address)
        to.be32(static_cast<uint32_t>(half >> 32)).be32(static_cast<uint32_t>(half));
}

uint16_t type_of(const Flow &flow) {
    return flow.source6 ? kIpv6Type : kIpv4Type;
}

void write_ip(FrameBuilder &to, const Flow &flow) {
    if (flow.source6) {
        to.be32(6u << 28 | flow.flow_label).be16(40).raw({flow.protocol, 64});
        write_address(to, *flow.source6);
        write_address(to, flow.destination6);
        return;
    }
    const uint16_t fragment = flow.fragment ? kMoreFragments | kSomeOffset : 0;
    to.ipv4({.protocol = flow.protocol,
             .fragment = fragment,
             .total_length = 60,
             .source = flow.source,
             .destination = flow.destination});
}

/// The IP packet of the flow itself.
void write_packet(FrameBuilder &to, const Flow &flow) {
    write_ip(to, flow);
    if (flow.protocol == kEsp)
        to.be32(flow.spi).fill(16, 0x33);
    else if (flow.protocol == kIcmp || flow.fragment)
        to.fill(20, 0x33);
    else
        to.ports(flow.source_port, flow.destination_port);
}

void write_inner_ethernet(FrameBuilder &to, const Flow &flow) {
    to.ethernet().type(type_of(flow));
}

/// The packet that carries all flows of a tunnel, between the same two ends.
void write_outer(FrameBuilder &to, uint8_t protocol) {
    to.type(kIpv4Type).ipv4({.protocol = protocol, .total_length = 100});
}

void write_tunnel(FrameBuilder &to, const Flow &flow) {
    switch (flow.tunnel) {
    case Tunnel::NONE: to.type(type_of(flow)); break;
    case Tunnel::VXLAN:
        write_outer(to, kUdp);
        frame::vxlan(frame::udp(to, frame::kVxlanPort, flow.outer_port));
        write_inner_ethernet(to, flow);
        break;
    case Tunnel::GENEVE:
        write_outer(to, kUdp);
        frame::geneve(frame::udp(to, frame::kGenevePort, flow.outer_port), frame::kBridging);
        write_inner_ethernet(to, flow);
        break;
    case Tunnel::GRE:
        write_outer(to, frame::kGreProtocol);
        frame::gre(to, type_of(flow));
        break;
    case Tunnel::IP_IN_IP: write_outer(to, frame::kIpv4Protocol); break;
    case Tunnel::GTP_U:
        write_outer(to, kUdp);
        frame::gtp(frame::udp(to, frame::kGtpPort, flow.outer_port));
        break;
    case Tunnel::MPLS: frame::labels(to.type(frame::kMpls), 2); break;
    }
}

} // namespace

std::vector<uint8_t> frame_of(const Flow &flow) {
    FrameBuilder to;
    write_mac(to, flow.destination_mac);
    write_mac(to, flow.source_mac);
    if (flow.inner_vlan != 0)
        to.tag(kServiceTag, flow.vlan).tag(kTagType, flow.inner_vlan);
    else if (flow.vlan != 0)
        to.tag(kTagType, flow.vlan);
    write_tunnel(to, flow);
    write_packet(to, flow);
    std::vector<uint8_t> frame = to;
    if (frame.size() < kSmallest) frame.resize(kSmallest, 0);
    return frame;
}

} // namespace lagg::bench
