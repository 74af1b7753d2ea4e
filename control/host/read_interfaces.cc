// The kernel's interfaces and their offloads, asked for over rtnetlink and ethtool's ioctl.
#include "control/host/machine.hh"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace lagg::host {

namespace {

struct Question {
    const char *word;
    uint32_t command;
    uint32_t mask; ///< the bits of the answer that count
};

constexpr std::array<Question, 6> kQuestions{{
    {"gro", ETHTOOL_GGRO, ~0U},
    {"lro", ETHTOOL_GFLAGS, ETH_FLAG_LRO},
    {"gso", ETHTOOL_GGSO, ~0U},
    {"tso", ETHTOOL_GTSO, ~0U},
    {"tx", ETHTOOL_GTXCSUM, ~0U},
    {"rx", ETHTOOL_GRXCSUM, ~0U},
}};

/// Nothing where the interface is gone or its driver answers none of it.
std::optional<Offloads> read_offloads(int socket, const std::string &interface) {
    Offloads offloads;
    bool answered = false;
    for (const Question &question : kQuestions) {
        ethtool_value value{};
        value.cmd = question.command;
        ifreq request{};
        interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
        request.ifr_data = static_cast<char *>(static_cast<void *>(&value));
        if (ioctl(socket, SIOCETHTOOL, &request) != 0) continue;
        answered = true;
        if ((value.data & question.mask) != 0) offloads.on.emplace_back(question.word);
    }
    if (!answered) return std::nullopt;
    return offloads;
}

} // namespace

Result<std::map<std::string, Interface>> read_interfaces() {
    Result<std::vector<kernel::InterfaceUse>> uses = kernel::read_interface_uses();
    if (!uses) return uses.error();
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    std::map<std::string, Interface> interfaces;
    for (kernel::InterfaceUse &use : *uses) {
        const std::string name = use.name;
        // Without the socket the offloads stay unknown, which the checks say.
        std::optional<Offloads> offloads;
        if (socket >= 0) offloads = read_offloads(socket, name);
        interfaces[name] = {std::move(use), std::move(offloads)};
    }
    if (socket >= 0) ::close(socket);
    return interfaces;
}

} // namespace lagg::host
