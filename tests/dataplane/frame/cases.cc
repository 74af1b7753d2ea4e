// The tables: one frame for each shape that the parser tells apart.
#include "tests/dataplane/frame/cases.hh"

#include <utility>
#include <vector>

namespace lagg::frame {
namespace {

FlowKey ethernet_key(uint16_t ethertype, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key;
    key.destination_mac = {2, 0, 0, 0, 0, 1};
    key.source_mac = {2, 0, 0, 0, 0, 2};
    key.outer_vlan = outer;
    key.inner_vlan = inner;
    key.ethertype = ethertype;
    return key;
}

FlowKey with_ports(FlowKey key, uint16_t source, uint16_t destination) {
    key.source_port = source;
    key.destination_port = destination;
    key.has_ports = true;
    return key;
}

FlowKey ipv4_key(uint8_t protocol, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key = ethernet_key(kIpv4, outer, inner);
    key.ip_version = 4;
    key.protocol = protocol;
    key.source_ip = {10, 1, 2, 3};
    key.destination_ip = {10, 4, 5, 6};
    return key;
}

FlowKey ipv6_key(uint8_t protocol, uint16_t outer = 0, uint16_t inner = 0) {
    FlowKey key = ethernet_key(kIpv6, outer, inner);
    key.ip_version = 6;
    key.protocol = protocol;
    key.source_ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    key.destination_ip = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
    key.flow_label = 0x10203;
    return key;
}

FlowKey with_spi(FlowKey key, uint32_t spi) {
    key.spi = spi;
    return key;
}

FlowKey with_label(FlowKey key, uint32_t label) {
    key.flow_label = label;
    return key;
}

std::vector<Case> link_cases() {
    return {
        {"arp", eth().type(0x0806).fill(28, 1), ethernet_key(0x0806)},
        {"length, no ethertype", eth().type(0x05ff).raw({0x42, 0x42, 3}), ethernet_key(0)},
        {"lowest ethertype", eth().type(0x0600).fill(4, 1), ethernet_key(0x0600)},
        {"vlan", eth().tag(0x8100, 0x6123).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 0x123), 1, 2)},
        {"priority tag", eth().tag(0x8100, 0xe000).type(kIpv6).ipv6(kUdp).ports(1, 2),
         with_ports(ipv6_key(kUdp), 1, 2)},
        {"88a8", eth().tag(0x88a8, 100).tag(0x8100, 0xf00a).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 100, 10), 1, 2)},
        {"9100", eth().tag(0x9100, 100).tag(0x9100, 10).type(kIpv6).ipv6(kTcp).ports(1, 2),
         with_ports(ipv6_key(kTcp, 100, 10), 1, 2)},
        {"three tags",
         eth().tag(0x88a8, 3).tag(0x8100, 2).tag(0x8100, 1).type(kIpv4).ipv4({}).ports(1, 2),
         with_ports(ipv4_key(kTcp, 3, 2), 1, 2)},
        {"four tags",
         eth().tag(0x88a8, 4).tag(0x8100, 3).tag(0x8100, 2).tag(0x8100, 1).type(0x0806),
         ethernet_key(0x0806, 4, 3)},
        {"five tags",
         eth().tag(0x8100, 5).tag(0x8100, 4).tag(0x8100, 3).tag(0x8100, 2).tag(0x8100, 1).type(
             kIpv4),
         ethernet_key(0, 5, 4)},
        {"length behind a tag", eth().tag(0x8100, 9).type(60).raw({0x42, 0x42, 3}),
         ethernet_key(0, 9)},
    };
}

std::vector<Case> ipv4_cases() {
    const FlowKey tcp = with_ports(ipv4_key(kTcp), 40000, 443);
    return {
        {"tcp", ip4().ipv4({}).ports(40000, 443), tcp},
        {"udp", ip4().ipv4({.protocol = kUdp}).ports(1, 2), with_ports(ipv4_key(kUdp), 1, 2)},
        {"sctp", ip4().ipv4({.protocol = kSctp}).ports(1, 2), with_ports(ipv4_key(kSctp), 1, 2)},
        {"port zero", ip4().ipv4({}).ports(0, 0), with_ports(ipv4_key(kTcp), 0, 0)},
        {"icmp", ip4().ipv4({.protocol = kIcmp}).ports(1, 2), ipv4_key(kIcmp)},
        {"esp", ip4().ipv4({.protocol = kEsp}).be32(0x8899aabb).fill(20, 0x5a),
         with_spi(ipv4_key(kEsp), 0x8899aabb)},
        {"esp behind options",
         ip4().ipv4({.protocol = kEsp, .option_words = 2}).be32(0x8899aabb).fill(20, 0x5a),
         with_spi(ipv4_key(kEsp), 0x8899aabb)},
        {"esp fragment",
         ip4().ipv4({.protocol = kEsp, .fragment = kMf}).be32(0x8899aabb).fill(20, 0x5a),
         ipv4_key(kEsp)},
        {"authentication", ip4().ipv4({.protocol = kAuth}).authentication(kTcp).ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"longer authentication",
         ip4().ipv4({.protocol = kAuth}).authentication(kTcp, 4).ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"authentication of esp",
         ip4().ipv4({.protocol = kAuth}).authentication(kEsp).be32(0x8899aabb).fill(20, 0x5a),
         with_spi(ipv4_key(kEsp), kAuthSpi)},
        {"authentication of a fragment",
         ip4().ipv4({.protocol = kAuth, .fragment = kMf}).authentication(kTcp).ports(40000, 443),
         ipv4_key(kAuth)},
        {"no hop by hop", ip4().ipv4({.protocol = kHopByHop}).extension(kTcp).ports(40000, 443),
         ipv4_key(kHopByHop)},
        {"df", ip4().ipv4({.fragment = kDf}).ports(40000, 443), tcp},
        {"reserved bit", ip4().ipv4({.fragment = 0x8000}).ports(40000, 443), tcp},
        {"first fragment", ip4().ipv4({.fragment = kMf}).ports(1, 2), ipv4_key(kTcp)},
        {"middle", ip4().ipv4({.fragment = kMf | 185}).ports(1, 2), ipv4_key(kTcp)},
        {"last", ip4().ipv4({.fragment = 370}).ports(1, 2), ipv4_key(kTcp)},
        {"offset 1", ip4().ipv4({.fragment = 1}).ports(1, 2), ipv4_key(kTcp)},
        {"offset 0x1000", ip4().ipv4({.fragment = 0x1000}).ports(1, 2), ipv4_key(kTcp)},
        {"df and offset", ip4().ipv4({.fragment = kDf | 5}).ports(1, 2), ipv4_key(kTcp)},
        {"one option", ip4().ipv4({.option_words = 1}).ports(40000, 443), tcp},
        {"all options", ip4().ipv4({.option_words = 10}).ports(40000, 443), tcp},
        {"total length 0", ip4().ipv4({.total_length = 0}).ports(40000, 443), tcp},
        {"total length max", ip4().ipv4({.total_length = 65535}).ports(40000, 443), tcp},
        {"ihl 4", ip4().ipv4({.version_ihl = 0x44}).ports(1, 2), ethernet_key(kIpv4)},
        {"version 6", ip4().ipv4({.version_ihl = 0x65}).ports(1, 2), ethernet_key(kIpv4)},
        {"options cut off", ip4().ipv4({.version_ihl = 0x4f}).ports(1, 2), ipv4_key(kTcp)},
    };
}

std::vector<Case> ipv6_cases() {
    const FlowKey tcp = with_ports(ipv6_key(kTcp), 40000, 443);
    const auto seven = [](FrameBuilder frame) {
        for (int i = 0; i < 7; i++)
            frame.extension(kDestination);
        return frame;
    };
    return {
        {"tcp", ip6().ipv6(kTcp).ports(40000, 443), tcp},
        {"sctp", ip6().ipv6(kSctp).ports(1, 2), with_ports(ipv6_key(kSctp), 1, 2)},
        {"icmp", ip6().ipv6(58).ports(1, 2), ipv6_key(58)},
        {"highest label",
         ip6().ipv6({.flow_label = 0xfffff, .traffic_class = 0xff}).ports(40000, 443),
         with_label(tcp, 0xfffff)},
        {"no label", ip6().ipv6({.flow_label = 0, .traffic_class = 0xff}).ports(40000, 443),
         with_label(tcp, 0)},
        {"esp", ip6().ipv6(kEsp).ports(1, 2), with_spi(ipv6_key(kEsp), 0x10002)},
        {"no next header", ip6().ipv6(kNoNext), ipv6_key(kNoNext)},
        {"version 4", ip6().ipv6({.version = 4}).ports(1, 2), ethernet_key(kIpv6)},
        {"hop by hop", ip6().ipv6(kHopByHop).extension(kTcp).ports(40000, 443), tcp},
        {"routing", ip6().ipv6(kRouting).extension(kTcp, 4).ports(40000, 443), tcp},
        {"destination", ip6().ipv6(kDestination).extension(kTcp, 1).ports(40000, 443), tcp},
        {"mobility", ip6().ipv6(kMobility).extension(kNoNext, 1), ipv6_key(kNoNext)},
        {"authentication", ip6().ipv6(kAuth).authentication(kTcp).ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"longer one", ip6().ipv6(kAuth).authentication(kTcp, 3).ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"authentication twice",
         ip6()
             .ipv6(kAuth)
             .authentication(kAuth)
             .raw({kTcp, 1, 0, 0})
             .be32(0x99)
             .fill(4, 0)
             .ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"fragment behind authentication",
         ip6().ipv6(kAuth).authentication(kFragment).fragment(kTcp, 1).ports(40000, 443),
         ipv6_key(kTcp)},
        {"all of them",
         ip6()
             .ipv6(kHopByHop)
             .extension(kDestination)
             .extension(kRouting, 1)
             .extension(kFragment, 2)
             .fragment(kAuth, 0)
             .authentication(kDestination, 2)
             .extension(kTcp)
             .ports(40000, 443),
         with_spi(tcp, kAuthSpi)},
        {"atomic fragment", ip6().ipv6(kFragment).fragment(kTcp, 0).ports(40000, 443), tcp},
        {"reserved bits", ip6().ipv6(kFragment).fragment(kTcp, 6).ports(40000, 443), tcp},
        {"first fragment", ip6().ipv6(kFragment).fragment(kUdp, 1).ports(1, 2), ipv6_key(kUdp)},
        {"middle", ip6().ipv6(kFragment).fragment(kUdp, 8 | 1).ports(1, 2), ipv6_key(kUdp)},
        {"last", ip6().ipv6(kFragment).fragment(kUdp, 0x8000).ports(1, 2), ipv6_key(kUdp)},
        {"routed fragment",
         ip6().ipv6(kRouting).extension(kFragment, 2).fragment(kTcp, 8).ports(1, 2),
         ipv6_key(kTcp)},
        {"eight headers", seven(ip6().ipv6(kDestination)).extension(kTcp).ports(40000, 443), tcp},
        {"nine headers",
         seven(ip6().ipv6(kDestination)).extension(kDestination).extension(kTcp).ports(1, 2),
         ipv6_key(0)},
        {"header past the end", ip6().ipv6(kDestination).extension(kTcp, 0).fill(0, 0),
         ipv6_key(kTcp)},
        {"length past the end", ip6().ipv6(kDestination).raw({kTcp, 255}).fill(40, 1),
         ipv6_key(kTcp)},
    };
}

} // namespace

std::vector<Case> all_cases() {
    std::vector<Case> all = link_cases();
    for (auto &[prefix, more] :
         {std::pair{"ipv4 ", ipv4_cases()}, std::pair{"ipv6 ", ipv6_cases()}})
        for (const Case &one : more)
            all.push_back({prefix + one.name, one.frame, one.key});
    return all;
}

} // namespace lagg::frame
