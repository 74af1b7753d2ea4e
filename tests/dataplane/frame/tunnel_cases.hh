// Tunnels and packets to put into them, and the words to write more.
#pragma once

#include "tests/dataplane/frame/cases.hh"
#include "tests/dataplane/frame/tunnels.hh"

#include <functional>
#include <string>
#include <vector>

namespace lagg::frame {

/// A packet of IP, its ethertype, and the octets that its addresses need.
struct Packet {
    std::string name;
    uint16_t type;
    Frame octets;
    size_t header;
};

std::vector<Packet> packets();

/// Headers in front of a packet of the given ethertype.
struct Tunnel {
    std::string name;
    std::function<Frame(uint16_t type)> head;
};

std::vector<Tunnel> all_tunnels();

inline FrameBuilder udp4(uint16_t port) {
    FrameBuilder frame = ip4().ipv4({.protocol = kUdp});
    return udp(frame, port);
}
inline FrameBuilder udp6(uint16_t port) {
    FrameBuilder frame = ip6().ipv6(kUdp);
    return udp(frame, port);
}
inline FrameBuilder gre4() {
    return ip4().ipv4({.protocol = kGreProtocol});
}

/// Adds the headers of a tunnel to what is around it.
inline Frame with(FrameBuilder frame, const std::function<void(FrameBuilder &)> &more) {
    more(frame);
    return frame;
}

} // namespace lagg::frame
