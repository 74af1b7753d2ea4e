#include "dataplane/upper/kernel_interface.hh"

#include <fmt/format.h>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace lagg::upper {

namespace {

/// net_tap keeps one buffer a receive descriptor, and since every frame fits in one buffer only one is
/// ever in use.
constexpr uint16_t kTapDescriptors = 8;

} // namespace

port::OpenOptions kernel_interface(const std::string &name, const MacAddress &mac, uint16_t mtu, uint16_t queues) {
    return port::OpenOptions{
        .name = name,
        .device = port::Device{.pci = false,
                               .name = "net_tap_" + name,
                               .arguments = fmt::format("iface={},mac={},persist", name, to_string(mac)),
                               .driver = "net_tap",
                               .interface = name},
        .queues = queues,
        .descriptors = kTapDescriptors,
        .mtu = mtu,
        .promiscuous = false, // the kernel decides itself what it wants to see
    };
}

void take_signals_from_net_tap() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    for (int signal = SIGRTMIN + 1; signal < SIGRTMAX; ++signal) sigaction(signal, &ignore, nullptr);
}

Result<void> can_open_kernel_interface() {
    const int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return Error{fmt::format("/dev/net/tun cannot be opened ({}); load the tun module or run as root",
                                 std::strerror(errno))};
    // An interface of an impossible name is refused for its name only after the permission was looked at.
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    std::strncpy(request.ifr_name, "lagg-probe/", IFNAMSIZ - 1);
    const int code = ioctl(fd, TUNSETIFF, &request);
    const int reason = errno;
    close(fd);
    if (code < 0 && reason == EPERM)
        return Error{"making a kernel interface needs root or the capability CAP_NET_ADMIN"};
    return {};
}

} // namespace lagg::upper
