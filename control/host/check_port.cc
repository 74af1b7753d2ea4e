// One port: a NIC of the PCI bus, or an interface that the kernel keeps.
#include "control/host/check_parts.hh"

#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::host {

namespace {

const Interface *find_interface(const Machine &machine, const std::string &name) {
    if (!machine.interfaces) return nullptr;
    const auto found = machine.interfaces->find(name);
    return found == machine.interfaces->end() ? nullptr : &found->second;
}

const config::Lagg *lagg_of(const config::Config &config, const config::Port &port) {
    for (const config::Lagg &lagg : config.laggs)
        if (uses_port(lagg, port.name)) return &lagg;
    return nullptr;
}

std::string article(const std::string &kind) {
    return kind.empty() ? "another interface" : kind;
}

/// Uses that the host makes of an interface, as clauses: "has the address 192.0.2.1/24".
std::vector<std::string> uses_of(const kernel::InterfaceUse &use) {
    std::vector<std::string> uses;
    if (use.has_default_route) uses.emplace_back("leads to the default route");
    if (!use.master.empty())
        uses.push_back("is a port of " + article(use.master_kind) + " " + use.master);
    if (use.lagg_tap) uses.emplace_back("is the interface of a lagg itself");
    if (!use.addresses.empty())
        uses.push_back((use.addresses.size() == 1 ? "has the address " : "has the addresses ") +
                       listed(use.addresses));
    std::vector<std::string> routes;
    for (const std::string &route : use.routes)
        if (route != "default") routes.push_back(route);
    if (!routes.empty())
        uses.push_back(
            (routes.size() == 1 ? "is named by the route to " : "is named by the routes to ") +
            listed(routes));
    if (!use.above.empty()) uses.push_back("has " + listed(use.above) + " standing on it");
    return uses;
}

std::string joined(const std::vector<std::string> &clauses) {
    std::string text;
    for (size_t i = 0; i < clauses.size(); ++i)
        text += (i == 0 ? "" : i + 1 == clauses.size() ? " and " : ", ") + clauses[i];
    return text;
}

/// Commands that take an interface away from what uses it. None for the default route, behind which
/// the operator may sit, and for the interface of a lagg.
std::vector<std::string> release(const kernel::InterfaceUse &use) {
    if (use.has_default_route || use.lagg_tap) return {};
    std::vector<std::string> commands;
    if (!use.master.empty()) commands.push_back("sudo ip link set " + use.name + " nomaster");
    for (const std::string &above : use.above)
        commands.push_back("sudo ip link delete " + above);
    // A device's routes without an address go with neither; both families have them.
    if (!use.addresses.empty()) commands.push_back("sudo ip address flush dev " + use.name);
    if (!use.routes.empty()) {
        commands.push_back("sudo ip route flush dev " + use.name);
        commands.push_back("sudo ip -6 route flush dev " + use.name);
    }
    return commands;
}

// ---- NICs of the PCI bus
// -------------------------------------------------------------------------

/// Interface of the device that the host uses, and how; empty where none is.
std::string use_of_interfaces(const Machine &machine, const PciDevice &device) {
    for (const std::string &name : device.interfaces) {
        const Interface *interface = find_interface(machine, name);
        if (interface == nullptr) continue;
        std::vector<std::string> uses = uses_of(interface->use);
        if (interface->use.has_advertised_route)
            uses.emplace_back("leads to a router that advertises itself");
        if (!uses.empty()) return "its interface " + name + " " + joined(uses);
    }
    return {};
}

/// Reason and way out for a NIC that is not bound to anything DPDK takes.
Finding check_unbound(const Machine &machine, const PciDevice &device) {
    const std::string check = "bound";
    const std::string has =
        "PCI device " + device.address + " is bound to " +
        (device.driver.empty() ? std::string("no driver") : "the kernel driver " + device.driver) +
        ", where DPDK cannot take it";
    if (const std::string use = use_of_interfaces(machine, device); !use.empty())
        return wrong(check, has + ", and " + use +
                                ": make sure that nothing goes by way of it, your own session "
                                "least of all, before you bind it, or name another NIC");
    const std::string driver = driver_for(machine, device);
    if (driver.empty()) {
        std::string why = "no driver for that works here: ";
        if (!device.iommu_group.empty())
            why += "the kernel has no vfio-pci";
        else if (has_iommu(machine))
            why += "it is in no IOMMU group";
        else
            why += "the IOMMU is off or absent, and the kernel has no uio_pci_generic; " +
                   way_to_iommu(machine);
        std::string way = "; or use its interface with net_af_packet";
        std::vector<std::string> mend;
        if (!device.interfaces.empty())
            mend.push_back("device = \"net_af_packet,iface=" + device.interfaces.front() + "\"");
        return wrong(check, has + "; " + why + way, mend);
    }
    std::vector<std::string> mend;
    for (const std::string &interface : device.interfaces) {
        const Interface *found = find_interface(machine, interface);
        if (found != nullptr && found->use.up)
            mend.push_back("sudo ip link set " + interface + " down");
    }
    mend.push_back("sudo driverctl set-override " + device.address + " " + driver);
    return wrong(check, has, mend);
}

bool stands_in_the_way(const PciDevice &other) {
    // VFIO calls a group viable in which each device has no driver, or one that leaves it alone.
    return !other.driver.empty() && !is_vfio(other.driver) && other.driver != "pci-stub" &&
           other.driver != "pcieport" && !other.is_bridge;
}

Finding check_group(const Machine &machine, const PciDevice &device) {
    const std::string check = "group";
    const auto group = machine.iommu_groups.find(device.iommu_group);
    if (group == machine.iommu_groups.end()) return fine(check, "its IOMMU group is not shown");
    std::vector<std::string> others;
    std::vector<std::string> mend;
    bool used = false;
    for (const std::string &address : group->second.devices) {
        const auto other = machine.pci.find(address);
        if (address == device.address || other == machine.pci.end()) continue;
        if (!stands_in_the_way(other->second)) continue;
        others.push_back(address + " (" + other->second.driver + ")");
        if (!use_of_interfaces(machine, other->second).empty()) used = true;
        mend.push_back("sudo driverctl set-override " + address + " vfio-pci");
    }
    if (others.empty())
        return fine(check, "nothing stands in the way in IOMMU group " + device.iommu_group);
    if (used) mend.clear();
    return wrong(check,
                 "IOMMU group " + device.iommu_group + " of PCI device " + device.address +
                     " has " + listed(others) +
                     " too, and VFIO gives a group as a whole or not at all" +
                     (used ? "; one of them is in use, so put the NIC into another slot" : ""),
                 mend);
}

Finding check_vfio(const Machine &machine, const PciDevice &device) {
    if (!device.iommu_group.empty() && has_iommu(machine)) return check_group(machine, device);
    const std::string check = "iommu";
    if (machine.vfio_without_iommu)
        return warning(check,
                       "vfio runs in its no-IOMMU mode, without protection from what the NIC "
                       "writes");
    const std::string driver = driver_for(machine, device);
    return wrong(check,
                 "PCI device " + device.address + " is bound to vfio-pci, and there is no IOMMU",
                 driver.empty() ? std::vector<std::string>{}
                                : std::vector<std::string>{"sudo driverctl set-override " +
                                                           device.address + " " + driver});
}

Finding check_uio(const Machine &machine, const config::Config &config, const PciDevice &device) {
    const std::string check = "iova";
    if (!has_iommu(machine))
        return fine(check, "no IOMMU, so that physical addresses reach memory");
    std::vector<std::string> rebind;
    if (!device.iommu_group.empty() && machine.vfio_pci != Module::ABSENT)
        rebind.push_back("sudo driverctl set-override " + device.address + " vfio-pci");
    const auto group = machine.iommu_groups.find(device.iommu_group);
    if (group != machine.iommu_groups.end() && group->second.type.starts_with("DMA"))
        return wrong(check,
                     "PCI device " + device.address + " is bound to " + device.driver +
                         ", which names physical addresses, and the IOMMU translates those of its "
                         "group; vfio-pci works, and so does booting with iommu=pt",
                     rebind);
    if (asks_for_physical(config))
        return fine(check, "--iova-mode=pa, as " + device.driver + " needs");
    std::vector<std::string> mend = rebind;
    mend.emplace_back("eal = [\"--iova-mode=pa\"] in [daemon]");
    return wrong(
        check,
        "PCI device " + device.address + " is bound to " + device.driver +
            ", which needs physical addresses, and DPDK takes virtual ones on a machine with "
            "an IOMMU; " +
            (rebind.empty() ? "tell it" : "either of these helps"),
        mend);
}

Finding check_memory_of_uio(const Machine &machine, const config::Config &config,
                            const PciDevice &device) {
    const std::string check = "hugepages";
    const bool huge = config.daemon.memory != config::Memory::NONE;
    uint64_t total = 0;
    for (const HugePages &pages : machine.huge_pages)
        total += pages.total_bytes();
    if (huge && total >= memory_needed(config)) return fine(check, "physical addresses are known");
    return wrong(check,
                 "PCI device " + device.address + " is bound to " + device.driver +
                     ", which needs huge pages, and " +
                     (huge ? "there are too few" : "memory = \"none\" takes none") +
                     "; `laggctl doctor` says how many",
                 huge ? std::vector<std::string>{}
                      : std::vector<std::string>{"memory = \"auto\" in [daemon]"});
}

Finding check_service_may(const Machine &machine, const std::string &why) {
    const std::string check = "service";
    Finding finding =
        !machine.service_installed || machine.service_has_sys_admin
            ? fine(check, "the service is not in the way")
            : warning(check, why + " needs CAP_SYS_ADMIN, which laggd.service does not give",
                      {"printf '[Service]\\nCapabilityBoundingSet=CAP_SYS_ADMIN\\n' | sudo install "
                       "-D -m "
                       "644 /dev/stdin /etc/systemd/system/laggd.service.d/sys-admin.conf",
                       "sudo systemctl daemon-reload"});
    finding.asked = false;
    return finding;
}

Finding check_kept(const PciDevice &device) {
    const std::string check = "boot";
    Finding finding = fine(check, "driverctl binds it at every boot");
    if (device.kept_driver.empty())
        finding = warning(check,
                          "PCI device " + device.address + " is bound to " + device.driver +
                              " until the next boot only",
                          {"sudo driverctl set-override " + device.address + " " + device.driver});
    else if (device.kept_driver != device.driver)
        finding =
            warning(check,
                    "PCI device " + device.address + " is bound to " + device.driver +
                        ", and driverctl binds it to " + device.kept_driver + " at the next boot",
                    {"sudo driverctl set-override " + device.address + " " + device.driver});
    finding.asked = false;
    return finding;
}

Finding check_node(const Machine &machine, const config::Config &config, const PciDevice &device) {
    const std::string check = "numa";
    Finding finding =
        fine(check, device.numa_node < 0 ? std::string("the machine tells no NUMA node of it")
                                         : "on NUMA node " + std::to_string(device.numa_node) +
                                               ", as its workers are");
    finding.asked = false;
    if (device.numa_node < 0) return finding;
    std::vector<std::string> far;
    std::vector<std::string> near;
    for (const unsigned cpu : worker_cpus(machine, config)) {
        const auto node = machine.node_of_cpu.find(cpu);
        if (node != machine.node_of_cpu.end() && node->second != device.numa_node)
            far.push_back(std::to_string(cpu));
    }
    if (far.empty()) return finding;
    for (const auto &[cpu, node] : machine.node_of_cpu)
        if (node == device.numa_node) near.push_back(std::to_string(cpu));
    finding =
        warning(check, "PCI device " + device.address + " is on NUMA node " +
                           std::to_string(device.numa_node) + ", and worker core " + listed(far) +
                           " is not, which costs speed; its own are " + listed(near));
    if (!near.empty()) finding.mend = {"workers = [" + near.back() + "] in [daemon]"};
    finding.asked = false;
    return finding;
}

std::vector<Finding> check_pci(const Machine &machine, const config::Config &config,
                               const std::string &address) {
    if (!machine.sees_pci)
        return {wrong("exists", "PCI device " + address +
                                    " cannot be found: there is no /sys/bus/pci here, as in a "
                                    "container that was not given it")};
    const auto found = machine.pci.find(address);
    if (found == machine.pci.end())
        return {wrong("exists", "there is no PCI device " + address +
                                    " on this machine; `lspci -D` lists them")};
    const PciDevice &device = found->second;
    if (is_bifurcated(device.driver)) {
        std::vector<Finding> findings{
            fine("bound", "the driver " + device.driver + " keeps it, and DPDK works through it")};
        findings.push_back(check_node(machine, config, device));
        return findings;
    }
    if (!is_vfio(device.driver) && !is_uio(device.driver)) return {check_unbound(machine, device)};
    std::vector<Finding> findings{fine("bound", "bound to " + device.driver)};
    if (is_vfio(device.driver)) {
        findings.push_back(check_vfio(machine, device));
    } else {
        findings.push_back(check_uio(machine, config, device));
        findings.push_back(check_memory_of_uio(machine, config, device));
        findings.push_back(check_service_may(machine, device.driver));
    }
    findings.push_back(check_kept(device));
    findings.push_back(check_node(machine, config, device));
    return findings;
}

// ---- interfaces that the kernel keeps
// ------------------------------------------------------------

Finding check_use(const kernel::InterfaceUse &use, const config::Port &port) {
    const std::string check = "in_use";
    const std::vector<std::string> uses = uses_of(use);
    if (uses.empty()) return fine(check, "the host makes no other use of " + use.name);
    const std::string says = "interface " + use.name + " " + joined(uses);
    if (port.in_use) return fine(check, says + ", which in_use = true allows");
    return wrong(check,
                 says + ", and a lagg takes its frames away from that; free it, name another, or "
                        "write in_use = true in the [[port]] if it is meant",
                 release(use));
}

/// Where frames go on to that come out of an interface: what stands on it, the bridge it is a port
/// of, the lagg it is a port of.
std::vector<std::string> ways_on(const Machine &machine, const config::Config &config,
                                 const std::string &name) {
    std::vector<std::string> ways;
    if (const Interface *interface = find_interface(machine, name)) {
        ways = interface->use.above;
        if (interface->use.master_kind != "vrf") ways.push_back(interface->use.master);
    }
    for (const config::Port &port : config.ports) {
        const config::Lagg *lagg = lagg_of(config, port);
        if (config::opened_interface(port.device) == name && lagg != nullptr &&
            lagg->upper.has_interface())
            ways.push_back(lagg->name);
    }
    return ways;
}

bool leads_to(const Machine &machine, const config::Config &config, const std::string &from,
              const std::string &to) {
    std::vector<std::string> reached{from};
    for (size_t i = 0; i < reached.size(); ++i) {
        if (reached[i] == to) return true;
        for (std::string &way : ways_on(machine, config, reached[i]))
            if (!way.empty() && std::ranges::find(reached, way) == reached.end())
                reached.push_back(std::move(way));
    }
    return false;
}

/// What the configuration alone does not tell: a VLAN on the lagg, or its bridge, as its port.
std::optional<Finding> check_loop(const Machine &machine, const config::Config &config,
                                  const config::Lagg *lagg, const std::string &name) {
    if (lagg == nullptr || !lagg->upper.has_interface() ||
        !leads_to(machine, config, lagg->name, name))
        return std::nullopt;
    return wrong("loop", "interface " + name + " gets its frames from " + lagg->name +
                             " and would be a port of it; they would go round for ever: name "
                             "another");
}

Finding check_mtu(const kernel::InterfaceUse &use, const config::Lagg *lagg) {
    const std::string check = "mtu";
    if (lagg == nullptr || use.max_mtu == 0 || lagg->mtu <= use.max_mtu)
        return fine(check, "MTU " + std::to_string(use.mtu));
    return wrong(check,
                 lagg->name + " has the MTU " + std::to_string(lagg->mtu) + ", and interface " +
                     use.name + " takes at most " + std::to_string(use.max_mtu),
                 {"mtu = " + std::to_string(use.max_mtu) + " in the [[lagg]]"});
}

Finding check_offloads(const Interface &interface) {
    const std::string check = "offloads";
    const std::string &name = interface.use.name;
    if (!interface.offloads)
        return {check, Level::UNSEEN, "the driver of " + name + " tells no offloads"};
    if (interface.offloads->on.empty())
        return fine(check, "nothing is merged, and no checksum left to the hardware");
    std::string command = "sudo ethtool -K " + name;
    for (const std::string &word : interface.offloads->on)
        command += " " + word + " off";
    return warning(check,
                   "interface " + name + " has " + listed(interface.offloads->on) +
                       " on: frames that are merged, or whose checksum is left to hardware, do not "
                       "pass a lagg whole",
                   {command});
}

std::vector<Finding> check_interface(const Machine &machine, const config::Config &config,
                                     const config::Port &port, const std::string &name) {
    if (!machine.interfaces)
        return {{"exists", Level::UNSEEN, "the kernel does not show its interfaces"}};
    const Interface *interface = find_interface(machine, name);
    if (interface == nullptr)
        return {
            wrong("exists", "there is no kernel interface '" + name + "'; `ip link` lists them")};
    std::vector<Finding> findings{
        fine("exists", "interface " + name + " is there, " + (interface->use.up ? "up" : "down"))};
    findings.push_back(check_use(interface->use, port));
    if (auto loop = check_loop(machine, config, lagg_of(config, port), name))
        findings.push_back(*std::move(loop));
    findings.push_back(check_mtu(interface->use, lagg_of(config, port)));
    findings.push_back(check_offloads(*interface));
    if (port.device.starts_with("net_af_xdp"))
        findings.push_back(check_service_may(machine, "net_af_xdp"));
    return findings;
}

} // namespace

std::vector<Finding> check_port(const Machine &machine, const config::Config &config,
                                const config::Port &port) {
    if (const std::string address = config::pci_address(port.device); !address.empty())
        return check_pci(machine, config, address);
    if (const std::string name = config::opened_interface(port.device); !name.empty())
        return check_interface(machine, config, port, name);
    return {fine("exists", "a device that DPDK makes")};
}

std::vector<config::Port> ports_of_every_nic(const Machine &machine) {
    std::vector<config::Port> ports;
    for (const auto &[address, device] : machine.pci) {
        if (!device.is_network) continue;
        config::Port port;
        port.name = device.interfaces.empty() ? address : device.interfaces.front();
        port.device = address;
        ports.push_back(std::move(port));
    }
    return ports;
}

} // namespace lagg::host
