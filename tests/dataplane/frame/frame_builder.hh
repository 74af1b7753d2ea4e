// Frames for tests, written layer by layer from the outside in. The layers do not know of each
// other, so that a test can put together what no honest sender would.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace lagg::frame {

class FrameBuilder {
  public:
    /// Destination 02:..:01, source 02:..:02.
    FrameBuilder &ethernet() { return raw({2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}); }
    /// `tci` with priority bits and all.
    FrameBuilder &tag(uint16_t tpid, uint16_t tci) { return be16(tpid).be16(tci); }
    FrameBuilder &type(uint16_t ethertype) { return be16(ethertype); }

    struct Ipv4 {
        uint8_t protocol = 6;
        uint16_t fragment = 0;       ///< the whole field: reserved, DF, MF, offset
        uint8_t option_words = 0;    ///< of four octets
        uint16_t total_length = 9;   ///< a lie unless a test says otherwise
        uint8_t version_ihl = 0;     ///< 0: version 4 and what the options ask for
        uint16_t identification = 7; ///< and everything else that is no part of a flow
        uint32_t source = 0x0a010203;
        uint32_t destination = 0x0a040506;
    };
    FrameBuilder &ipv4(const Ipv4 &ip) {
        const auto fitting = static_cast<uint8_t>(0x45 + ip.option_words);
        raw({ip.version_ihl == 0 ? fitting : ip.version_ihl, 0});
        be16(ip.total_length).be16(ip.identification).be16(ip.fragment);
        raw({64, ip.protocol, 0xab, 0xcd}).be32(ip.source).be32(ip.destination);
        return fill(ip.option_words * size_t{4}, 0x01);
    }

    struct Ipv6 {
        uint8_t next_header = 6;
        uint32_t flow_label = 0x10203;
        uint8_t version = 6;
        uint8_t traffic_class = 0;
        uint32_t source = 1; ///< behind 2001:db8::
        uint32_t destination = 2;
    };
    /// The payload length is a lie.
    FrameBuilder &ipv6(const Ipv6 &ip) {
        be32(uint32_t{ip.version} << 28 | uint32_t{ip.traffic_class} << 20 | ip.flow_label);
        raw({0xff, 0xff, ip.next_header, 64});
        be32(0x20010db8).fill(8, 0).be32(ip.source);
        return be32(0x20010db8).fill(8, 0).be32(ip.destination);
    }
    FrameBuilder &ipv6(uint8_t next_header) { return ipv6(Ipv6{.next_header = next_header}); }
    /// Hop-by-hop, routing, destination options, mobility: 8 octets and `more` times 8.
    FrameBuilder &extension(uint8_t next_header, uint8_t more = 0) {
        return raw({next_header, more}).fill(6 + more * size_t{8}, 0x06);
    }
    /// 12 octets and `more` times 4.
    FrameBuilder &authentication(uint8_t next_header, uint8_t more = 0) {
        const auto words = static_cast<uint8_t>(1 + more);
        return raw({next_header, words}).fill(10 + more * size_t{4}, 0x06);
    }
    /// `offset_and_more`: the offset in its high 13 bits, M in the lowest one. The reserved octet
    /// is not zero, since it is no length.
    FrameBuilder &fragment(uint8_t next_header, uint16_t offset_and_more) {
        return raw({next_header, 0x55}).be16(offset_and_more).raw({0, 0, 0, 9});
    }

    /// Ports and some octets more.
    FrameBuilder &ports(uint16_t source, uint16_t destination) {
        return be16(source).be16(destination).fill(16, 0x33);
    }
    FrameBuilder &fill(size_t count, uint8_t octet) {
        bytes_.resize(bytes_.size() + count, octet);
        return *this;
    }
    FrameBuilder &raw(std::initializer_list<uint8_t> octets) {
        for (uint8_t octet : octets)
            bytes_.push_back(octet);
        return *this;
    }
    FrameBuilder &be16(uint16_t value) {
        return raw({static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)});
    }
    FrameBuilder &be32(uint32_t value) {
        return be16(static_cast<uint16_t>(value >> 16)).be16(static_cast<uint16_t>(value));
    }

    /// A builder is its frame wherever one is asked for.
    operator std::vector<uint8_t>() const { return bytes_; }

  private:
    std::vector<uint8_t> bytes_;
};

} // namespace lagg::frame
