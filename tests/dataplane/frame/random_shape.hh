// One frame of a random but honest shape: each header announces the one that follows.
#pragma once

#include "tests/dataplane/frame/frame_builder.hh"

#include <cstdint>
#include <random>
#include <vector>

namespace lagg::frame {

class RandomShape {
  public:
    explicit RandomShape(uint64_t seed) : random_(seed) {}

    /// TCP or UDP in IPv4 or IPv6, without tags, options and the like.
    std::vector<uint8_t> plain();
    /// Anything else that a network may carry.
    std::vector<uint8_t> odd();

    /// 0 to `count` - 1. The standard's distributions differ from library to library.
    uint32_t below(uint32_t count) { return static_cast<uint32_t>(random_() % count); }

  private:
    bool one_in(uint32_t count) { return below(count) == 0; }
    uint8_t octet() { return static_cast<uint8_t>(below(256)); }
    uint16_t number16() { return static_cast<uint16_t>(random_()); }
    uint32_t number32() { return static_cast<uint32_t>(random_()); }

    void begin();
    void ethernet();
    void addresses();
    void tags(uint32_t most);
    void link_payload();
    void not_ip();
    void slow_protocol();
    void ip(uint16_t type);
    void ipv4();
    void ipv6();
    void authentication(uint8_t protocol);
    void transport(uint8_t protocol);
    void udp();
    void udp_tunnel(uint16_t port);
    void gre();
    void either_ip();
    void payload();
    uint16_t ip_type() { return one_in(2) ? uint16_t{0x0800} : uint16_t{0x86dd}; }
    uint8_t protocol();

    std::mt19937_64 random_;
    FrameBuilder frame_;
    int depth_ = 0; ///< packets of IP so far
};

} // namespace lagg::frame
