#include "tests/dataplane/distribute/frame_runs.hh"

#include <algorithm>
#include <array>

namespace lagg::distribute {

namespace {

constexpr size_t kAddresses = 12;
constexpr size_t kIpv4Octets = 20;
constexpr size_t kIpv6Octets = 40;
constexpr size_t kUdpOctets = 8;
constexpr size_t kVxlanOctets = 8;
/// Octets from the type field to the protocol of IPv4 behind a tag, which tell shapes apart.
constexpr uint32_t kShapeOctets = 16;
constexpr uint8_t kTcp = 6, kUdp = 17;
/// ICMP, IPv4 inside, GRE, SCTP (which has ports), ESP, AH, OSPF.
constexpr std::array<uint8_t, 7> kPortless{1, 4, 47, 132, 50, 51, 89};
/// Experimental, of MPLS, PPPoE and bridging, of slow protocols and MAC control, two lengths, and a
/// tag.
constexpr std::array<uint16_t, 9> kOtherTypes{0x88b5, 0x8847, 0x8864, 0x6558, 0x8809,
                                              0x8808, 0x0000, 0x05ff, 0x88a8};

bool is_tagged(Shape shape) {
    return shape == Shape::TAGGED_IPV4 || shape == Shape::TAGGED_IPV6;
}
bool is_ipv4(Shape shape) {
    return shape == Shape::IPV4 || shape == Shape::TAGGED_IPV4 || shape == Shape::TWO_TAGS ||
           shape == Shape::PORTLESS;
}
bool is_ipv6(Shape shape) {
    return shape == Shape::IPV6 || shape == Shape::TAGGED_IPV6;
}
size_t ip_at(Shape shape) {
    return kAddresses + 2 + (is_tagged(shape) ? 4 : shape == Shape::TWO_TAGS ? 8 : 0);
}
size_t ports_at(Shape shape) {
    return ip_at(shape) + (is_ipv4(shape) ? kIpv4Octets : is_ipv6(shape) ? kIpv6Octets : 0);
}

void store16(std::vector<uint8_t> &bytes, size_t at, uint16_t value) {
    bytes[at] = static_cast<uint8_t>(value >> 8);
    bytes[at + 1] = static_cast<uint8_t>(value);
}

} // namespace

FrameRuns::Frame FrameRuns::next() {
    if (left_ == 0) begin_run();
    left_--;
    if (shape_ == Shape::MIXED) return {mixed_.next(), shape_};
    Frame frame{of_run(), shape_};
    if (below(32) != 0) return frame;
    frame.shape = Shape::MIXED;
    const uint32_t at = kAddresses + below(kShapeOctets);
    if (at < frame.bytes.size())
        frame.bytes[at] = static_cast<uint8_t>(frame.bytes[at] ^ 1u << below(8));
    return frame;
}

void FrameRuns::begin_run() {
    shape_ = static_cast<Shape>(below(kShapes));
    protocols_ = static_cast<Protocols>(below(4));
    type_ = kOtherTypes[below(kOtherTypes.size())];
    left_ = 4 + below(29);
}

std::vector<uint8_t> FrameRuns::noise(size_t octets) {
    std::vector<uint8_t> bytes(octets);
    for (size_t i = 0; i < octets; i += 8) {
        uint64_t eight = random_();
        for (size_t k = i; k < std::min(i + 8, octets); k++, eight >>= 8)
            bytes[k] = static_cast<uint8_t>(eight);
    }
    return bytes;
}

std::vector<uint8_t> FrameRuns::plain(Shape shape, bool udp) {
    const size_t more = shape == Shape::NOT_IP ? kIpv4Octets : 0;
    std::vector<uint8_t> bytes = noise(ports_at(shape) + 4 + more + below(3) * below(20));
    const size_t ip = ip_at(shape);
    if (is_tagged(shape)) store16(bytes, kAddresses, 0x8100);
    if (shape == Shape::TWO_TAGS) {
        store16(bytes, kAddresses, udp ? 0x88a8 : 0x8100);
        store16(bytes, kAddresses + 4, 0x8100);
    }
    store16(bytes, ip - 2, is_ipv4(shape) ? 0x0800 : is_ipv6(shape) ? 0x86dd : type_);
    if (is_ipv4(shape)) {
        bytes[ip] = 0x45;
        bytes[ip + 6] &= 0x40; // "don't fragment" or nothing
        bytes[ip + 7] = 0;
        bytes[ip + 9] = udp ? kUdp : kTcp;
        if (shape == Shape::PORTLESS && below(2) == 0)
            store16(bytes, ip + 6, static_cast<uint16_t>(1u << below(15)));
        else if (shape == Shape::PORTLESS)
            bytes[ip + 9] = kPortless[below(kPortless.size())];
    } else if (is_ipv6(shape)) {
        bytes[ip] = static_cast<uint8_t>(0x60 | (bytes[ip] & 0x0f));
        bytes[ip + 6] = udp ? kUdp : kTcp;
    }
    return bytes;
}

std::vector<uint8_t> FrameRuns::of_run() {
    const bool udp = protocols_ == Protocols::UDP || protocols_ == Protocols::VXLAN ||
                     (protocols_ == Protocols::EITHER && below(2) == 0);
    std::vector<uint8_t> bytes = plain(shape_, udp);
    if (protocols_ != Protocols::VXLAN || shape_ == Shape::NOT_IP) return bytes;
    const size_t ports = ports_at(shape_);
    bytes.resize(ports + kUdpOctets + kVxlanOctets);
    store16(bytes, ports + 2, 4789);
    bytes[ports + kUdpOctets] = 0x08; // the network's number is there
    const std::vector<uint8_t> inside = plain(Shape::IPV4, false);
    bytes.insert(bytes.end(), inside.begin(), inside.end());
    return bytes;
}

} // namespace lagg::distribute
