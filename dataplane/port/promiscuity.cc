#include "dataplane/port/promiscuity.hh"

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace lagg::port {

std::unique_ptr<Promiscuity> Promiscuity::of(unsigned interface_index) {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) return nullptr;
    std::unique_ptr<Promiscuity> promiscuity(new Promiscuity(fd));
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(interface_index);
    membership.mr_type = PACKET_MR_PROMISC;
    if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0)
        return nullptr;
    return promiscuity;
}

Promiscuity::~Promiscuity() {
    close(socket_);
}

} // namespace lagg::port
