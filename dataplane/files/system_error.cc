#include "dataplane/files/system_error.hh"

#include <cerrno>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace lagg {

std::string reason_of(int error) {
    if (error != EMFILE) return std::generic_category().message(error);
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return "too many open files: the limit is " + std::to_string(limit.rlim_cur) +
           "; raise LimitNOFILE= of the service, or `ulimit -n`";
}

// if_nametoindex() does not tell why it found nothing.
Result<unsigned> interface_index(const std::string &name) {
    const Error absent{"there is no kernel interface '" + name + "'; `ip link` lists them"};
    ifreq request{};
    if (name.size() >= sizeof request.ifr_name) return absent;
    name.copy(request.ifr_name, sizeof request.ifr_name - 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const int error = fd >= 0 && ioctl(fd, SIOCGIFINDEX, &request) == 0 ? 0 : errno;
    if (fd >= 0) close(fd);
    if (error == 0) return static_cast<unsigned>(request.ifr_ifindex);
    if (error == ENODEV) return absent;
    return Error{"kernel interface '" + name + "' cannot be asked for: " + reason_of(error)};
}

} // namespace lagg
