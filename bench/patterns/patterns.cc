#include "bench/patterns/patterns.hh"

#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/distribute/flow_hash.hh"

#include <iterator>
#include <utility>

namespace lagg::bench {

namespace {

/// Numbers without structure, the same in every run (SplitMix64, Steele and others 2014).
uint64_t scrambled(uint32_t number, uint32_t salt = 0) {
    uint64_t z = (uint64_t{salt} << 32 | number) * 0x9e3779b97f4a7c15 + 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

uint32_t random32(uint32_t number, uint32_t salt) {
    return static_cast<uint32_t>(scrambled(number, salt));
}

uint16_t port(uint32_t number) {
    return static_cast<uint16_t>(number);
}

/// An ephemeral port; each of the 16384 once before the first comes again.
uint16_t shuffled_port(uint32_t number) {
    return port(49152 + (number * 9301 + 4711) % 16384);
}

uint32_t bits_reversed(uint32_t value) {
    uint32_t result = 0;
    for (int i = 0; i < 32; i++, value >>= 1)
        result = result << 1 | (value & 1);
    return result;
}

constexpr uint64_t kContainer = 0x024200000000;

/// Neighbours on one Ethernet whose MACs are made of their addresses, as container hosts do.
Flow neighbours(uint32_t source, uint32_t destination) {
    return {.source_mac = kContainer | source,
            .destination_mac = kContainer | destination,
            .source = source,
            .destination = destination};
}

Flow by_source_port(uint32_t source_port) {
    return {.source_port = port(source_port)};
}

Flow between_random(uint32_t number) {
    return {.source = random32(number, 1), .destination = random32(number, 2)};
}

Flow over_ipv6(const Ipv6Address &source, const Ipv6Address &destination) {
    Flow flow;
    flow.source6 = source;
    flow.destination6 = destination;
    return flow;
}

/// Hosts that count up on both sides, inside of a tunnel between the same two ends.
Flow tunnelled(Tunnel tunnel, uint32_t number) {
    return {.source = ipv4(192, 168, 0, 0) + number,
            .destination = ipv4(172, 16, 0, 0) + number,
            .tunnel = tunnel};
}

/// The interface id that an EUI-48 gives (RFC 4291, appendix A).
uint64_t eui64(uint64_t mac) {
    return ((mac >> 24) << 40 | 0xfffe000000 | (mac & 0xffffff)) ^ uint64_t { 2 } << 56;
}

constexpr uint64_t kVendor = 0x001b21000000;
constexpr uint64_t kPrefix = 0x20010db800000000; ///< of IPv6 documentation

/// The hash of net_bonding's layer 3+4: addresses and ports XORed as they stand in
/// memory and folded. Four members, of which this lagg is behind the first.
bool first_of_net_bonding(const Flow &flow) {
    const auto swapped = [](uint32_t ports) { return (ports >> 8 | ports << 8) & 0xffff; };
    uint32_t hash = __builtin_bswap32(flow.source ^ flow.destination);
    hash ^= swapped(flow.source_port ^ flow.destination_port);
    hash ^= hash >> 16;
    hash ^= hash >> 8;
    return hash % 4 == 0;
}

/// A second laggd above, with four members and a seed of its own.
bool first_of_laggd(const Flow &flow) {
    using namespace distribute;
    static const BucketTable table =
        build(BucketTable::empty(), std::to_array<uint32_t>({1, 1, 1, 1}));
    const Policy policy{.fields = kLayer34, .seed = 77};
    return table.lookup(flow_hash(key_of(frame_of(flow), policy), policy)) == 0;
}

Flow counting_addresses(uint32_t n) {
    return neighbours(ipv4(10, 0, 0, 0) + n, ipv4(10, 128, 0, 0) + n);
}

Flow both_directions(uint32_t n) {
    Flow flow = neighbours(ipv4(10, 0, 0, 0) + n / 2, ipv4(10, 128, 0, 1));
    if (n % 2 == 0) return flow;
    std::swap(flow.source_mac, flow.destination_mac);
    std::swap(flow.source, flow.destination);
    std::swap(flow.source_port, flow.destination_port);
    return flow;
}

Flow random_everything(uint32_t n) {
    Flow flow = between_random(n);
    flow.source_mac = 0x020000000000 | (scrambled(n, 3) & 0xffffffffff);
    flow.destination_mac = 0x020000000000 | (scrambled(n, 4) & 0xffffffffff);
    flow.source_port = port(random32(n, 5));
    // Not from 1024 on, where the ports of tunnels are.
    flow.destination_port = port(random32(n, 6) & 1023);
    flow.protocol = n % 2 == 0 ? kTcp : kUdp;
    return flow;
}

using enum Tunnel;

const Pattern kPatterns[] = {
    // Addresses.
    {"pairs-counting", counting_addresses},
    {"source-counting",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 0) + n, ipv4(10, 128, 0, 1)); }},
    {"destination-counting",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 1), ipv4(10, 128, 0, 0) + n); }},
    {"sequential-slash-20-behind-router",
     [](uint32_t n) -> Flow { return {.source = ipv4(100, 64, 16, 0) + n}; }},
    {"third-octet-counting-multiples-of-256",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 1) + n * 256, ipv4(10, 128, 0, 1)); }},
    {"second-octet-counting-x.i.0.1",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 1) + n * 65536, ipv4(9, 0, 0, 1)); }},
    {"octets-alike-i.i.i.i",
     [](uint32_t n) {
         return neighbours((1 + n % 64) * 0x01010101, (101 + n / 64 % 64) * 0x01010101);
     }},
    {"bit-reversed", [](uint32_t n) { return neighbours(bits_reversed(n), ipv4(10, 128, 0, 1)); }},
    {"gray-code",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 0) | (n ^ n >> 1), ipv4(10, 128, 0, 1)); }},
    {"pairs-of-constant-xor",
     [](uint32_t n) {
         const uint32_t source = ipv4(10, 0, 0, 0) + n;
         return neighbours(source, source ^ ipv4(0, 90, 165, 195));
     }},
    {"pairs-of-constant-sum",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 0) + n, ipv4(10, 200, 0, 0) - n); }},
    {"64x64-hosts-iscsi",
     [](uint32_t n) {
         Flow flow = neighbours(ipv4(10, 0, 0, 1) + n % 64, ipv4(10, 0, 1, 1) + n / 64);
         flow.destination_port = 3260;
         return flow;
     }},
    {"16x16x16-hosts-and-ports",
     [](uint32_t n) {
         Flow flow = neighbours(ipv4(10, 0, 0, 1) + n % 16, ipv4(10, 0, 1, 1) + n / 16 % 16);
         flow.source_port = port(40000 + n / 256);
         return flow;
     }},
    {"even-addresses",
     [](uint32_t n) { return neighbours(ipv4(10, 0, 0, 0) + 2 * n, ipv4(10, 128, 0, 0) + 2 * n); }},
    {"virtual-machines-random-ports",
     [](uint32_t n) {
         Flow flow = neighbours(ipv4(10, 0, n / 256 % 16, n % 256), ipv4(10, 0, 100, n % 16));
         flow.source_port = port(random32(n, 7) | 0x8000);
         return flow;
     }},
    {"both-directions-mixed", both_directions},
    {"random-everything", random_everything},
    {"icmp-pairs",
     [](uint32_t n) {
         Flow flow = counting_addresses(n);
         flow.protocol = kIcmp;
         return flow;
     }},
    {"fragments-of-random-pairs",
     [](uint32_t n) {
         Flow flow = between_random(n);
         flow.protocol = kUdp;
         flow.fragment = true;
         return flow;
     }},

    // Ports.
    {"equal-ports-counting-rtp",
     [](uint32_t n) -> Flow {
         return {.protocol = kUdp,
                 .source_port = port(16384 + 2 * n),
                 .destination_port = port(16384 + 2 * n)};
     }},
    {"source-port-counting-nvme-queues",
     [](uint32_t n) -> Flow { return {.source_port = port(32768 + n), .destination_port = 4420}; }},
    {"source-port-by-2", [](uint32_t n) { return by_source_port(32768 + 2 * n); }},
    {"source-port-by-16", [](uint32_t n) { return by_source_port(16 * n); }},
    {"source-port-by-256-of-16-clients",
     [](uint32_t n) {
         Flow flow = by_source_port(256 * n);
         flow.source = ipv4(10, 0, 0, 1) + n / 256;
         return flow;
     }},
    {"destination-port-counting",
     [](uint32_t n) -> Flow { return {.destination_port = port(20000 + n)}; }},
    {"behind-one-nat",
     [](uint32_t n) -> Flow {
         return {.source = ipv4(198, 51, 100, 7),
                 .destination = ipv4(203, 0, 113, 1) + n % 4,
                 .source_port = shuffled_port(n)};
     }},
    {"one-vip-random-clients",
     [](uint32_t n) -> Flow {
         return {.source = random32(n, 8), .source_port = port(random32(n, 9) | 0x8000)};
     }},
    {"quic-clients",
     [](uint32_t n) -> Flow {
         return {.source = ipv4(100, 64, 0, 0) + n / 8,
                 .protocol = kUdp,
                 .source_port = shuffled_port(n)};
     }},
    {"dns-to-one-resolver",
     [](uint32_t n) -> Flow {
         return {.source = ipv4(10, 0, 0, 0) + n,
                 .protocol = kUdp,
                 .source_port = port(random32(n, 10) | 0x8000),
                 .destination_port = 53};
     }},
    {"sctp-associations",
     [](uint32_t n) -> Flow {
         return {.source = ipv4(10, 0, 0, 1) + n / 64,
                 .protocol = kSctp,
                 .source_port = port(36412 + n % 64),
                 .destination_port = 36412};
     }},
    {"tcp-and-udp-mixed",
     [](uint32_t n) -> Flow {
         return {.protocol = n % 2 == 0 ? kTcp : kUdp, .source_port = port(40000 + n / 2)};
     }},
    {"esp-by-spi", [](uint32_t n) -> Flow { return {.protocol = kEsp, .spi = 0xc0000000 + n}; }},

    // A hash above that has chosen already.
    {"chosen-by-net-bonding-above",
     [](uint32_t n) {
         Flow flow = between_random(n);
         flow.source_port = shuffled_port(n);
         return flow;
     },
     kFlows, first_of_net_bonding},
    {"chosen-by-laggd-above", counting_addresses, kFlows, first_of_laggd},

    // MACs and VLANs.
    {"macs-of-one-vendor",
     [](uint32_t n) -> Flow {
         return {.source_mac = kVendor + n, .source = ipv4(10, 0, 0, 0) + n};
     }},
    {"mac-pairs-counting",
     [](uint32_t n) -> Flow {
         return {.source_mac = kVendor + n,
                 .destination_mac = kVendor + 0x800000 + n,
                 .source = ipv4(10, 0, 0, 0) + n,
                 .destination = ipv4(10, 128, 0, 0) + n};
     }},
    // 4094 flows of layer2, since there are no more VLANs.
    {"vlans-1-to-4094",
     [](uint32_t n) -> Flow {
         return {.vlan = port(1 + n % 4094), .source = ipv4(10, 0, 0, 10) + n * 256};
     }},
    // Customers who all have the same addresses: one flow for all but layer 2.
    {"qinq-pairs-same-addresses",
     [](uint32_t n) -> Flow {
         return {.vlan = port(100 + n / 64), .inner_vlan = port(100 + n % 64)};
     },
     1},

    // IPv6.
    {"ipv6-prefixes-counting",
     [](uint32_t n) {
         return over_ipv6({kPrefix + n, 1}, {kPrefix + 0x10000000, 1});
     }},
    {"ipv6-interfaces-counting",
     [](uint32_t n) {
         return over_ipv6({kPrefix, n + 1}, {kPrefix + 1, n + 1});
     }},
    {"ipv6-eui-64-pairs",
     [](uint32_t n) {
         const uint64_t source = kVendor + n, destination = kVendor + 0x800000 + n;
         Flow flow = over_ipv6({kPrefix, eui64(source)}, {kPrefix, eui64(destination)});
         flow.source_mac = source;
         flow.destination_mac = destination;
         return flow;
     }},
    {"ipv6-embedded-ipv4",
     [](uint32_t n) {
         return over_ipv6({kPrefix, 1}, {0x0064ff9b00000000, ipv4(192, 0, 0, 0) + n});
     }},
    // Connections of one pair of hosts, with a label each.
    {"ipv6-flow-labels",
     [](uint32_t n) {
         Flow flow = over_ipv6({kPrefix, 1}, {kPrefix, 2});
         flow.flow_label = random32(n, 11) & 0xfffff;
         flow.source_port = port(40000 + n);
         return flow;
     }},

    // Tunnels: one pair of ends, so that what is outside is one flow.
    {"vxlan-entropy-in-port",
     [](uint32_t n) {
         Flow flow = tunnelled(VXLAN, n);
         flow.outer_port = shuffled_port(n);
         return flow;
     }},
    {"vxlan-constant-port", [](uint32_t n) { return tunnelled(VXLAN, n); }, 1},
    {"geneve", [](uint32_t n) { return tunnelled(GENEVE, n); }, 1},
    {"gre", [](uint32_t n) { return tunnelled(GRE, n); }, 1},
    {"ip-in-ip", [](uint32_t n) { return tunnelled(IP_IN_IP, n); }, 1},
    {"gtp-u", [](uint32_t n) { return tunnelled(GTP_U, n); }, 1},
    // Not IP from outside: the MACs of two routers.
    {"mpls-ipv4-inside", [](uint32_t n) { return tunnelled(MPLS, n); }, 1},
};
static_assert(std::size(kPatterns) == 50, "what is promised of fifty is said of fifty");

} // namespace

std::span<const Pattern> patterns() {
    return kPatterns;
}

bool is_tunnel(const Pattern &pattern) {
    return pattern.flow(0).tunnel != NONE;
}

Frames frames_of(const Pattern &pattern) {
    Frames frames;
    for (uint32_t number = 0; frames.size() < kFlows; number++) {
        const Flow flow = pattern.flow(number);
        if (pattern.keep == nullptr || pattern.keep(flow)) frames.push_back(frame_of(flow));
    }
    return frames;
}

} // namespace lagg::bench
