#include "control/kernel/ownership.hh"

#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

namespace lagg::kernel {

namespace {

/// The address of a socket without a file: it belongs to the network namespace, as interfaces do,
/// and is free again when its socket is closed, whatever the process dies of.
struct OwnerAddress {
    sockaddr_un value{};
    socklen_t size = 0;

    OwnerAddress(const std::string &role, const std::string &interface, unsigned index) {
        value.sun_family = AF_UNIX;
        // A slash is in no name of an interface.
        const std::string name = index != 0 ? fmt::format("laggd/{}/index/{}", role, index)
                                            : fmt::format("laggd/{}/{}", role, interface);
        name.copy(value.sun_path + 1, sizeof value.sun_path - 1);
        size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                      std::min(name.size(), sizeof value.sun_path - 1));
    }
    const sockaddr *get() const { return reinterpret_cast<const sockaddr *>(&value); }
};

/// Who listens there; 0 when that cannot be told.
pid_t owner(const OwnerAddress &address) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ucred peer{};
    socklen_t size = sizeof peer;
    if (fd < 0) return 0;
    if (connect(fd, address.get(), address.size) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
        peer.pid = 0;
    close(fd);
    return peer.pid;
}

} // namespace

Result<std::unique_ptr<Ownership>> Ownership::take(const std::string &role,
                                                   const std::string &interface, unsigned index) {
    const OwnerAddress address(role, interface, index);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return Error{fmt::format("interface {} cannot be taken: {}", interface, reason_of(errno))};
    std::unique_ptr<Ownership> taken(new Ownership(fd));
    if (bind(fd, address.get(), address.size) == 0 && listen(fd, 1) == 0) return taken;
    const int reason = errno;
    if (reason != EADDRINUSE)
        return Error{fmt::format("interface {} cannot be taken: {}", interface, reason_of(reason))};
    const pid_t pid = owner(address);
    if (pid == getpid())
        return Error{fmt::format("interface {} is used twice by this laggd", interface)};
    const std::string who = pid == 0 ? "another laggd" : fmt::format("the laggd with pid {}", pid);
    return Error{fmt::format("interface {} belongs to {}; stop that one, or take another name",
                             interface, who)};
}

Ownership::~Ownership() {
    close(fd_);
}

} // namespace lagg::kernel
