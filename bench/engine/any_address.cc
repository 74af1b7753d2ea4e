// net_bonding gives its MAC address to every member, and does not start when a member has no way to
// take it, as net_ring, net_memif and net_vhost have not. Found ahead of the function of the
// library - in a program, or in a shared object that LD_PRELOAD names - this one lets such a device
// pass: nobody in these benchmarks looks at the addresses of members.
#include <rte_ethdev.h>

#include <cerrno>
#include <dlfcn.h>

int rte_eth_dev_default_mac_addr_set(uint16_t device, rte_ether_addr *address) {
    using Set = int (*)(uint16_t, rte_ether_addr *);
    static const auto next =
        reinterpret_cast<Set>(dlsym(RTLD_NEXT, "rte_eth_dev_default_mac_addr_set"));
    const int code = next == nullptr ? -ENOTSUP : next(device, address);
    return code == -ENOTSUP ? 0 : code;
}
