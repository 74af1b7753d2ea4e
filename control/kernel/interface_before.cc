#include "control/kernel/interface_before.hh"

#include "dataplane/files/files.hh"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <net/if.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lagg::kernel {

namespace {

constexpr size_t kMostBytes = 4096;

/// By path and not by sysctl name: in the latter the dot of a VLAN's name would be a separator.
std::string path_of(const std::string &interface, const std::string &key) {
    const size_t slash = key.find('/');
    return fmt::format("/proc/sys/net/{}/conf/{}{}", key.substr(0, slash), interface,
                       key.substr(slash));
}

/// 0 or a negative errno.
int flags_of(const std::string &interface, unsigned long operation, short &flags) {
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_flags = flags;
    const int code = ioctl(fd, operation, &request) == 0 ? 0 : -errno;
    flags = request.ifr_flags;
    close(fd);
    return code;
}

void set_promiscuous(const std::string &interface, bool on) {
    short flags = 0;
    if (flags_of(interface, SIOCGIFFLAGS, flags) != 0) return;
    flags = static_cast<short>(on ? flags | IFF_PROMISC : flags & ~IFF_PROMISC);
    flags_of(interface, SIOCSIFFLAGS, flags);
}

void put_link_back(Rtnetlink &netlink, const std::string &interface, const LinkBefore &link) {
    const std::optional<LinkBefore> now = read_link(netlink, interface);
    if (!now) return;
    if (now->mtu != link.mtu) static_cast<void>(netlink.apply(interface, SetMtu{link.mtu}));
    if (now->mac != link.mac) static_cast<void>(netlink.apply(interface, SetMac{link.mac}));
    if (now->promiscuous != link.promiscuous) set_promiscuous(interface, link.promiscuous);
}

} // namespace

std::optional<std::string> read_sysctl(const std::string &interface, const std::string &key) {
    const int fd = ::open(path_of(interface, key).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    std::array<char, 32> buffer{};
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    const int error = errno;
    ::close(fd);
    errno = error;
    if (size < 0) return std::nullopt;
    std::string text(buffer.data(), static_cast<size_t>(size));
    while (!text.empty() && text.back() == '\n')
        text.pop_back();
    return text;
}

bool write_sysctl(const std::string &interface, const std::string &key, const std::string &value) {
    const int fd = ::open(path_of(interface, key).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t size = ::write(fd, value.data(), value.size());
    const int error = errno;
    ::close(fd);
    errno = error;
    return size == static_cast<ssize_t>(value.size());
}

std::optional<LinkBefore> read_link(Rtnetlink &netlink, const std::string &interface) {
    const Result<std::optional<Have>> have = netlink.read(interface);
    short flags = 0;
    if (!have || !have->has_value() || flags_of(interface, SIOCGIFFLAGS, flags) != 0)
        return std::nullopt;
    return LinkBefore{
        .mtu = (*have)->mtu, .mac = (*have)->mac, .promiscuous = (flags & IFF_PROMISC) != 0};
}

void put_back(Rtnetlink &netlink, const std::string &interface, const Before &before) {
    for (const auto &[key, value] : before.sysctls)
        write_sysctl(interface, key, value);
    if (before.link) put_link_back(netlink, interface, *before.link);
}

std::string file_of(const std::string &directory, unsigned index) {
    return fmt::format("{}/interface-{}.before", directory, index);
}

std::optional<Before> read_before(const std::string &file) {
    const Result<std::string> content = read_file(file, kMostBytes);
    if (!content) return std::nullopt;
    Before before;
    std::istringstream lines(*content);
    for (std::string key, value; lines >> key >> value;) {
        if (key.find('/') != std::string::npos) {
            before.sysctls[key] = value;
            continue;
        }
        if (!before.link) before.link.emplace();
        if (key == "mtu") before.link->mtu = static_cast<uint16_t>(std::atoi(value.c_str()));
        if (key == "mac") before.link->mac = parse_mac_address(value).value_or(MacAddress{});
        if (key == "promiscuous") before.link->promiscuous = value == "1";
    }
    return before;
}

Result<void> write_before(const std::string &file, const Before &before) {
    std::string content;
    for (const auto &[key, value] : before.sysctls)
        content += fmt::format("{} {}\n", key, value);
    if (before.link)
        content += fmt::format("mtu {}\nmac {}\npromiscuous {}\n", before.link->mtu,
                               lagg::to_string(before.link->mac), before.link->promiscuous ? 1 : 0);
    return replace_file(file, content);
}

} // namespace lagg::kernel
