// The headers of tunnels, written from their standards' figures.
#pragma once

#include "tests/dataplane/frame/frame_builder.hh"

#include <cstdint>
#include <initializer_list>

namespace lagg::frame {

inline constexpr uint16_t kBridging = 0x6558, kMpls = 0x8847, kMplsUpstream = 0x8848,
                          kPppoe = 0x8864;
inline constexpr uint8_t kIpv4Protocol = 4, kIpv6Protocol = 41, kGreProtocol = 47,
                         kMplsProtocol = 137;
inline constexpr uint16_t kVxlanPort = 4789, kOldVxlanPort = 8472, kGenevePort = 6081,
                          kGtpPort = 2152, kMplsPort = 6635;

/// The source port is a hash of what is inside, as senders do.
inline FrameBuilder &udp(FrameBuilder &frame, uint16_t destination, uint16_t source = 0xc123) {
    return frame.be16(source).be16(destination).be32(0);
}

inline FrameBuilder &vxlan(FrameBuilder &frame, uint8_t flags = 0x08) {
    return frame.raw({flags, 0, 0, 0}).be32(0x12345600);
}

/// `option_words` of four octets; what is inside is an ethertype.
inline FrameBuilder &geneve(FrameBuilder &frame, uint16_t type, uint8_t option_words = 0,
                            uint8_t version = 0) {
    frame.raw({static_cast<uint8_t>(version << 6 | option_words), 0}).be16(type).be32(0x12345600);
    return frame.fill(option_words * size_t{4}, 0x45);
}

/// Flags as they stand in the header: checksum 0x8000, key 0x2000, sequence 0x1000.
inline FrameBuilder &gre(FrameBuilder &frame, uint16_t type, uint16_t flags = 0) {
    frame.be16(flags).be16(type);
    for (const unsigned word : {0x8000u, 0x2000u, 0x1000u})
        if ((flags & word) != 0) frame.be32(0x60606060);
    return frame;
}

/// A stack of `count` labels, the last with the bottom bit.
inline FrameBuilder &labels(FrameBuilder &frame, int count) {
    for (int i = 1; i <= count; i++)
        frame.be32(0x00064040u + static_cast<uint32_t>(i) * 0x1000 + (i == count ? 0x100 : 0));
    return frame;
}

inline FrameBuilder &pppoe(FrameBuilder &frame, uint16_t ppp_protocol, uint8_t code = 0) {
    return frame.raw({0x11, code}).be16(0x4242).be16(100).be16(ppp_protocol);
}

/// `flags` 0x30 is the plainest; `extensions` are the words of each extension header, which the
/// flag 0x04 announces.
inline FrameBuilder &gtp(FrameBuilder &frame, uint8_t flags = 0x30, uint8_t message = 0xff,
                         std::initializer_list<uint8_t> extensions = {}) {
    frame.raw({flags, message}).be16(100).be32(0x77777777);
    if ((flags & 7) == 0) return frame;
    frame.raw({0x46, 0x46, 0, static_cast<uint8_t>(extensions.size() > 0 ? 0x85 : 0)});
    size_t left = extensions.size();
    for (const uint8_t words : extensions) {
        frame.raw({words}).fill(words * size_t{4} - 2, 0x45);
        frame.raw({static_cast<uint8_t>(--left > 0 ? 0x85 : 0)});
    }
    return frame;
}

} // namespace lagg::frame
