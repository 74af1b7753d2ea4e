// Speed and duplex from sysfs, where the kernel keeps them as text.
#include "control/kernel/carrier_watch.hh"

#include <array>
#include <fstream>
#include <limits>
#include <net/if.h>
#include <string>

namespace lagg::kernel {

LinkSpeed link_speed(unsigned index) {
    std::array<char, IF_NAMESIZE> name{};
    if (if_indextoname(index, name.data()) == nullptr) return {};
    const std::string folder = std::string("/sys/class/net/") + name.data() + "/";
    LinkSpeed speed;
    // -1 stands for unknown, and reading fails while the interface is down.
    long long mbps = 0;
    if (std::ifstream(folder + "speed") >> mbps && mbps > 0 &&
        mbps < std::numeric_limits<uint32_t>::max())
        speed.mbps = static_cast<uint32_t>(mbps);
    std::string duplex;
    if (std::ifstream(folder + "duplex") >> duplex) speed.full_duplex = duplex != "half";
    return speed;
}

} // namespace lagg::kernel
