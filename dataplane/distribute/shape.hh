// The shapes of frames that a vector path recognises by one comparison, as octets in blocks.
#pragma once

#include "dataplane/distribute/flow_hash.hh"
#include "dataplane/frame/layers.hh"

#include <cstddef>
#include <cstdint>

namespace lagg::distribute {

namespace shape {

// Offsets from the destination address on.
constexpr size_t kType = 12;
constexpr size_t kIpv4Flow = 22; ///< TTL, protocol, checksum, addresses, ports: the flow block
constexpr size_t kTag = 4;
constexpr size_t kVlanFlow = kIpv4Flow + kTag;
constexpr size_t kIpv6Source = 22;
constexpr size_t kIpv6Destination = 38;
constexpr size_t kIpv6Ports = 42; ///< of the 16 octets that end with the ports
constexpr int kIpv4Octets = 38;
constexpr int kVlanOctets = 42;
constexpr int kIpv6Octets = 58;
constexpr int kLinkOctets = 24; ///< for both loads that tell tagged frames from others
constexpr int kTwoTagsOctets = 28;

constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;

// The 16 octets from the type field on: which of them, and with what in them.
constexpr Block kIpv4Mask{0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0xff};
constexpr Block ipv4(uint8_t protocol) {
    return {0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0, 0, protocol};
}
constexpr Block kVlanMask{0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0x3f, 0xff, 0, 0xff};
constexpr Block vlan(uint8_t protocol) {
    return {0x81, 0x00, 0, 0, 0x08, 0x00, 0x45, 0, 0, 0, 0, 0, 0, 0, 0, protocol};
}
constexpr Block kVlanIpv6Mask{0xff, 0xff, 0, 0, 0xff, 0xff, 0xf0, 0, 0, 0, 0, 0, 0xff};
constexpr Block vlan_ipv6(uint8_t protocol) {
    return {0x81, 0x00, 0, 0, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol};
}
/// Whatever the outer tag's type, the inner one is a customer's.
constexpr Block kTwoTagsMask{0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff};
constexpr Block two_tags(uint16_t outer) {
    return {static_cast<uint8_t>(outer >> 8),
            static_cast<uint8_t>(outer),
            0,
            0,
            0x81,
            0x00,
            0,
            0,
            0x08,
            0x00};
}
constexpr Block kIpv6Mask{0xff, 0xff, 0xf0, 0, 0, 0, 0, 0, 0xff};
constexpr Block ipv6(uint8_t protocol) {
    return {0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol};
}
// The first 16 octets of a frame without tags: only the type.
constexpr Block kLinkMask{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr Block link(uint16_t type) {
    return {0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            static_cast<uint8_t>(type >> 8),
            static_cast<uint8_t>(type)};
}

// The same behind one tag, of the 16 octets that begin 4 before the type field.
constexpr Block kTaggedMask{0, 0, 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff};
constexpr Block tagged(uint16_t type) {
    return {
        0, 0, 0, 0, 0x81, 0x00, 0, 0, static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type)};
}

// Shuffles; an index of 0x80 and more gives zero.
constexpr uint8_t kNone = 0x80;
/// The link block of a frame with one tag: the VLAN follows the addresses.
constexpr Block kTagToLink{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, kNone, kNone};
/// The inner of two tags, from the 16 octets of the type field, to its place in the link block.
constexpr Block kTagsToLink{kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone,
                            kNone, kNone, kNone, kNone, kNone, kNone, 6,     7};
/// The type of a frame without tags, to its place in the flow block.
constexpr Block kTypeToFlow{kNone, kNone, 12,    13,    kNone, kNone, kNone, kNone,
                            kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
/// The next header of IPv6, from the 16 octets of its type field, to its place in the flow block.
constexpr Block kNextHeader{kNone, 8,     kNone, kNone, kNone, kNone, kNone, kNone,
                            kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone};
constexpr Block kTurnLink{6, 7, 8, 9, 10, 11, 0, 1, 2, 3, 4, 5, 12, 13, 14, 15};
constexpr Block kTurnFlow{0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 14, 15, 12, 13};

/// Protocols of which the parser reads more than the protocol's number.
constexpr bool may_have_more(uint8_t protocol) {
    return protocol == kTcp || protocol == kUdp || protocol == frame::kSctp ||
           protocol == frame::kEncryption || protocol == frame::kAuthentication;
}

constexpr uint16_t kTypeIpv4 = 0x0800;
constexpr uint16_t kTypeIpv6 = 0x86dd;
constexpr uint16_t kTypeSlow = 0x8809; ///< that of MAC control is without its last bit
constexpr uint16_t kTypeTag = 0x8100;
constexpr uint16_t kTypeServiceTag = 0x88a8;

} // namespace shape

} // namespace lagg::distribute
