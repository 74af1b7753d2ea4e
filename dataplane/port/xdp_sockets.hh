// AF_XDP sockets of this process, which DPDK 22.11 with libxdp 1.3 leaves open when it closes a
// port: the interface's queue stays taken then, and no other port can be opened on it.
#pragma once

#include <sys/types.h>

#include <vector>

namespace lagg::port {

struct XdpSocket {
    int fd;
    ino_t inode; ///< tells it from a later one of that number
    bool operator==(const XdpSocket &) const = default;
};

/// All that are open.
std::vector<XdpSocket> xdp_sockets();
/// Those of `now` that are not among `before`.
std::vector<XdpSocket> added(const std::vector<XdpSocket> &before,
                             const std::vector<XdpSocket> &now);
/// Closes those that are still open; how many there were.
unsigned close_left_over(const std::vector<XdpSocket> &sockets);

} // namespace lagg::port
