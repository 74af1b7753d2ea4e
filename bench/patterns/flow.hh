// A flow as a pattern describes it, and the one frame that stands for it. A pattern says only what
// is peculiar to it; everything else is the same in all its flows, so that nothing helps a hash
// that cannot cope with the peculiarity.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace lagg::bench {

enum class Tunnel { NONE, VXLAN, GENEVE, GRE, IP_IN_IP, GTP_U, MPLS };

/// The two halves of an IPv6 address.
using Ipv6Address = std::array<uint64_t, 2>;

constexpr uint32_t ipv4(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    return a << 24 | b << 16 | c << 8 | d;
}

inline constexpr uint64_t kClientRouter = 0x0200000000fe, kServerRouter = 0x0200000000ff;
inline constexpr uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kEsp = 50, kSctp = 132;

/// All in host order. MACs are those of routers unless a pattern of neighbours says otherwise.
struct Flow {
    uint64_t source_mac = kClientRouter;
    uint64_t destination_mac = kServerRouter;
    uint16_t vlan = 0; ///< 0: no tag
    uint16_t inner_vlan = 0;
    uint32_t source = ipv4(10, 0, 0, 1);
    uint32_t destination = ipv4(10, 128, 0, 1);
    std::optional<Ipv6Address> source6; ///< with this IPv6 is meant, not IPv4
    Ipv6Address destination6{0x20010db800000000, 0x80};
    uint32_t flow_label = 0;
    uint8_t protocol = kTcp;
    bool fragment = false; ///< a later one, behind whose IP header there are no ports
    uint16_t source_port = 40000;
    uint16_t destination_port = 443;
    uint32_t spi = 0; ///< of ESP
    Tunnel tunnel = Tunnel::NONE;
    uint16_t outer_port = 49152; ///< source port of a tunnel's own packet
};

/// The frame from its destination MAC on, at least 60 octets. Lengths and checksums in it are not
/// true, since nobody who distributes reads them.
std::vector<uint8_t> frame_of(const Flow &flow);

} // namespace lagg::bench
