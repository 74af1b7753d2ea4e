#include "bench/failover/namespaces.hh"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

namespace lagg::bench {

namespace {

constexpr int kReceiveBytes = 4 << 20;

[[noreturn]] void fail(const Place &place, const std::string &what) {
    std::fprintf(stderr, "%s:%s: %s: %s\n", place.space.c_str(), place.interface.c_str(),
                 what.c_str(), std::strerror(errno));
    std::exit(1);
}

/// Calls it in the namespace, on a thread of its own: this one stays where it is.
void inside(const Place &place, const std::function<void()> &call) {
    std::thread([&] {
        const std::string path = "/run/netns/" + place.space;
        const int space = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (space < 0) fail(place, "the namespace cannot be opened");
        if (setns(space, CLONE_NEWNET) != 0) fail(place, "the namespace cannot be entered");
        close(space);
        call();
    }).join();
}

int packet_socket(const Place &place, int protocol) {
    int fd = -1;
    inside(place, [&] {
        fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0) fail(place, "there is no packet socket");
        sockaddr_ll address{};
        address.sll_family = AF_PACKET;
        address.sll_protocol = htons(static_cast<uint16_t>(protocol));
        address.sll_ifindex = static_cast<int>(if_nametoindex(place.interface.c_str()));
        if (address.sll_ifindex == 0) fail(place, "there is no such interface");
        if (bind(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
            fail(place, "a packet socket cannot be bound");
    });
    return fd;
}

} // namespace

Place place_of(std::string_view text) {
    const size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
        std::fprintf(stderr, "'%.*s' is no NAMESPACE:INTERFACE\n", static_cast<int>(text.size()),
                     text.data());
        std::exit(1);
    }
    return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

int sending_socket(const Place &place) {
    const int fd = packet_socket(place, 0);
    const int yes = 1;
    if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof yes) != 0)
        fail(place, "a packet socket cannot pass the queue by");
    return fd;
}

int hearing_socket(const Place &place) {
    const int fd = packet_socket(place, ETH_P_IP);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBytes, sizeof kReceiveBytes) != 0)
        fail(place, "a packet socket gets no buffer");
    return fd;
}

UpSwitch::UpSwitch(const Place &place) : place_(place), fd_(-1) {
    inside(place, [&] { fd_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0); });
    if (fd_ < 0) fail(place, "there is no socket");
}

void UpSwitch::set(bool up) const {
    ifreq request{};
    place_.interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    if (ioctl(fd_, SIOCGIFFLAGS, &request) != 0) fail(place_, "its flags cannot be read");
    request.ifr_flags =
        static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
    if (ioctl(fd_, SIOCSIFFLAGS, &request) != 0) fail(place_, "its flags cannot be set");
}

} // namespace lagg::bench
