// The machine as an operator prepared it, as plain data: what /sys, /proc, /etc and the kernel's
// interfaces say about the devices of a configuration and what they need. check.hh judges it.
#pragma once

#include "control/config/config.hh"
#include "control/kernel/interface_list.hh"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lagg::host {

enum class Module { ABSENT, AVAILABLE, LOADED };

struct HugePages {
    uint64_t page_kib = 0;
    uint64_t total = 0;
    uint64_t free = 0;
    uint64_t total_bytes() const { return total * page_kib * 1024; }
    uint64_t free_bytes() const { return free * page_kib * 1024; }
};

struct PciDevice {
    std::string address;
    std::string driver;      ///< empty: bound to none
    std::string iommu_group; ///< its number; empty for none
    int numa_node = -1;      ///< -1: not told
    bool is_network = false; ///< its class is that of a network controller
    bool is_bridge = false;
    /// Driver that driverctl binds it to at every boot; empty for none.
    std::string kept_driver;
    std::vector<std::string> interfaces; ///< of the kernel
};

struct IommuGroup {
    std::string type; ///< "DMA", "DMA-FQ", "identity"; empty when the kernel does not say
    std::vector<std::string> devices;
};

/// Work of one interface that the kernel merges on the way in or leaves to hardware on the way out.
struct Offloads {
    std::vector<std::string> on; ///< by ethtool's words: gro, lro, gso, tso, tx, rx
};

struct Interface {
    kernel::InterfaceUse use;
    std::optional<Offloads> offloads; ///< nothing where they could not be asked for
};

struct Machine {
    bool sees_pci = false; ///< there is a /sys/bus/pci
    std::map<std::string, PciDevice> pci;
    std::map<std::string, IommuGroup> iommu_groups;
    std::string command_line; ///< of the kernel
    std::string cpu_vendor;   ///< "GenuineIntel", "AuthenticAMD", ...
    std::vector<HugePages> huge_pages;
    Module vfio_pci = Module::ABSENT;
    Module uio_pci_generic = Module::ABSENT;
    Module tun = Module::ABSENT;
    bool vfio_without_iommu = false; ///< vfio's enable_unsafe_noiommu_mode
    bool has_tun_device = false;     ///< /dev/net/tun
    std::vector<unsigned> cpus;      ///< online
    std::vector<unsigned> isolated;  ///< left alone by the scheduler
    std::map<unsigned, int> node_of_cpu;
    bool has_systemd = false;
    bool service_installed = false;
    bool service_enabled = false;
    bool service_has_sys_admin = false; ///< CAP_SYS_ADMIN, in the unit or in a drop-in
    std::optional<std::map<std::string, Interface>> interfaces; ///< nothing: could not be asked for
    /// Capabilities of this process; nothing where /proc does not tell.
    std::optional<uint64_t> capabilities;
};

/// Description by the files below `root` ("/", or a tree of a test); all but `interfaces`. A file
/// that is absent leaves its default.
Machine read_files(const std::string &root);

/// The interfaces of this network namespace with their offloads. An error where the kernel refuses.
Result<std::map<std::string, Interface>> read_interfaces();

/// Files and interfaces of the machine this runs on.
Machine read_machine();

/// Numbers in the kernel's way of writing lists: "0-3,8". What is no number is left out.
std::vector<unsigned> parse_cpu_list(const std::string &text);

} // namespace lagg::host
