#include "dataplane/port/xdp_sockets.hh"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string>

namespace lagg::port {

std::vector<XdpSocket> xdp_sockets() {
    std::vector<XdpSocket> found;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string name = entry.path().filename();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        int domain = 0;
        socklen_t length = sizeof domain;
        struct stat status {};
        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_XDP &&
            fstat(fd, &status) == 0)
            found.push_back({.fd = fd, .inode = status.st_ino});
    }
    return found;
}

std::vector<XdpSocket> added(const std::vector<XdpSocket> &before,
                             const std::vector<XdpSocket> &now) {
    std::vector<XdpSocket> more;
    std::ranges::copy_if(now, std::back_inserter(more), [&](const XdpSocket &socket) {
        return std::ranges::find(before, socket) == before.end();
    });
    return more;
}

unsigned close_left_over(const std::vector<XdpSocket> &sockets) {
    const std::vector<XdpSocket> open = xdp_sockets();
    unsigned count = 0;
    for (const XdpSocket &socket : sockets) {
        if (std::ranges::find(open, socket) == open.end()) continue;
        close(socket.fd);
        ++count;
    }
    return count;
}

} // namespace lagg::port
