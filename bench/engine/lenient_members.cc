// net_bonding gives its MAC address to every member, and does not start when a member has no way to
// take it, as net_ring, net_memif and net_vhost have not; nor is it promiscuous when none of its
// members can be told to be. Found ahead of the functions of the library - in a program, or in a
// shared object that LD_PRELOAD names - those below let such a device pass: nobody in these
// benchmarks looks at the addresses of members, which take whatever comes.
#include <rte_ethdev.h>

#include <cerrno>
#include <dlfcn.h>

namespace {

/// Calls the library's function of that name; what a device cannot do is done.
template <typename... Arguments> int leniently(const char *name, Arguments... arguments) {
    const auto next = reinterpret_cast<int (*)(Arguments...)>(dlsym(RTLD_NEXT, name));
    const int code = next == nullptr ? -ENOTSUP : next(arguments...);
    return code == -ENOTSUP ? 0 : code;
}

} // namespace

int rte_eth_dev_default_mac_addr_set(uint16_t device, rte_ether_addr *address) {
    return leniently("rte_eth_dev_default_mac_addr_set", device, address);
}

int rte_eth_promiscuous_enable(uint16_t device) {
    return leniently("rte_eth_promiscuous_enable", device);
}
