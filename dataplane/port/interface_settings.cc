#include "dataplane/port/interface_settings.hh"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lagg::port {

namespace {

int ask(unsigned index, unsigned long operation, ifreq &request) {
    if (if_indextoname(index, request.ifr_name) == nullptr) return -errno;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    const int code = ioctl(fd, operation, &request) == 0 ? 0 : -errno;
    close(fd);
    return code;
}

} // namespace

int read_interface_mtu(unsigned index, int &mtu) {
    ifreq request{};
    const int code = ask(index, SIOCGIFMTU, request);
    if (code == 0) mtu = request.ifr_mtu;
    return code;
}

int set_interface_mtu(unsigned index, int mtu) {
    ifreq request{};
    request.ifr_mtu = mtu;
    return ask(index, SIOCSIFMTU, request);
}

int set_interface_mac(unsigned index, const MacAddress &mac) {
    ifreq request{};
    request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
    std::memcpy(request.ifr_hwaddr.sa_data, mac.data(), mac.size());
    return ask(index, SIOCSIFHWADDR, request);
}

std::string interface_driver(unsigned index) {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    ifreq request{};
    request.ifr_data = reinterpret_cast<char *>(&info);
    if (ask(index, SIOCETHTOOL, request) != 0) return {};
    return std::string(info.driver, strnlen(info.driver, sizeof info.driver));
}

} // namespace lagg::port
