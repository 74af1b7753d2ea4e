// From a frame to what a policy sees of it. The general way goes over FlowKey; untagged IPv4 with
// TCP or UDP, which is nearly all of the traffic, is copied from the frame in a few wide words.
#pragma once

#include "dataplane/bpf/lagg_policy.h"
#include "dataplane/distribute/spread.hh"
#include "dataplane/frame/flow_key.hh"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace lagg::bpf {

/// The copy of the flow that one worker hands to a policy, frame after frame, with the memory
/// that stays. One for each worker and each program; begins as zeros.
struct alignas(64) ProgramMemory {
    lagg_flow flow{};
};

/// Everything but hash, now_us and memory; `length` in octets.
void fill(const frame::FlowKey &key, uint32_t length, lagg_flow &flow);

namespace plain {

// Where the words of a plain frame are, and where they go. The fields that no plain frame has are
// part of the same words and become zero with them.
inline constexpr size_t kSmallest = 38; ///< Ethernet, IPv4 without options, ports
static_assert(std::endian::native == std::endian::little);
static_assert(offsetof(lagg_flow, ethertype) == 12 && offsetof(lagg_flow, ip_version) == 14 &&
              offsetof(lagg_flow, protocol) == 15 && offsetof(lagg_flow, source_ip) == 16 &&
              offsetof(lagg_flow, destination_ip) == 32 && offsetof(lagg_flow, source_port) == 48 &&
              offsetof(lagg_flow, outer_vlan) == 52 && offsetof(lagg_flow, length) == 56 &&
              offsetof(lagg_flow, has_ports) == 60 && offsetof(lagg_flow, flow_label) == 64 &&
              offsetof(lagg_flow, spi) == 68 && offsetof(lagg_flow, memory) == 128);

inline uint64_t load64(const uint8_t *at) {
    uint64_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

inline uint64_t load32(const uint8_t *at) {
    uint32_t value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

inline void store64(lagg_flow &flow, size_t at, uint64_t value) {
    std::memcpy(reinterpret_cast<uint8_t *>(&flow) + at, &value, sizeof value);
}

} // namespace plain

/// As fill(parse(packet)) where the frame is untagged IPv4 without options, not a fragment, and
/// carries TCP or `other_protocol`; else false, with `flow` as it was. Never reads outside.
inline bool fill_plain(const distribute::Packet &packet, uint64_t other_protocol, lagg_flow &flow) {
    constexpr uint64_t kIpv4WithoutOptions = 0x450008, kFragmentBits = 0xff3f;
    constexpr uint64_t kIpv4 = uint64_t{0x0800} << 32 | uint64_t{4} << 48; // ethertype and version
    if (packet.octets < plain::kSmallest) return false;
    const uint8_t *data = packet.data();
    const uint64_t middle = plain::load64(data + 20); // fragment, TTL, protocol, checksum
    const uint64_t protocol = middle >> 24 & 0xff;
    const bool shape = (plain::load32(data + 12) & 0xffffff) == kIpv4WithoutOptions &&
                       (middle & kFragmentBits) == 0;
    if (!shape || (protocol != LAGG_TCP && protocol != other_protocol)) return false;
    const uint64_t ports = plain::load32(data + 34);
    const uint64_t addresses = plain::load64(data + 26);
    // Word after word: from an array of them the compiler would copy with wider loads than the
    // stores before, and wait for these.
    plain::store64(flow, 0, plain::load64(data));
    plain::store64(flow, 8, plain::load32(data + 8) | kIpv4 | protocol << 56);
    plain::store64(flow, 16, addresses & 0xffffffff);
    plain::store64(flow, 24, 0);
    plain::store64(flow, 32, addresses >> 32);
    plain::store64(flow, 40, 0);
    plain::store64(flow, 48, (ports & 0xff00ff) << 8 | (ports >> 8 & 0xff00ff));
    plain::store64(flow, 56, packet.packet_octets | uint64_t{1} << 32);
    plain::store64(flow, 64, 0);
    return true;
}

} // namespace lagg::bpf
