// The files of /sys, /proc and /etc to a Machine.
#include "control/host/machine.hh"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lagg::host {

namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path &file) {
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line;
}

uint64_t number_in(const fs::path &file) {
    uint64_t number = 0;
    std::ifstream(file) >> number;
    return number;
}

bool has(const fs::path &path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

/// A link that leads nowhere counts: an enabled unit of a machine whose root is mounted elsewhere.
bool is_there(const fs::path &path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

std::string last_part_of_link(const fs::path &link) {
    std::error_code ignored;
    return fs::read_symlink(link, ignored).filename().string();
}

std::vector<std::string> names_in(const fs::path &directory) {
    std::vector<std::string> names;
    std::error_code ignored;
    for (fs::directory_iterator entry(directory, ignored), end; entry != end;
         entry.increment(ignored))
        names.push_back(entry->path().filename().string());
    std::ranges::sort(names);
    return names;
}

/// Interfaces stand below the device, or below what a virtio device is to PCI.
std::vector<std::string> interfaces_of(const fs::path &device) {
    std::vector<std::string> found = names_in(device / "net");
    for (const std::string &name : names_in(device))
        if (name.starts_with("virtio"))
            for (std::string &interface : names_in(device / name / "net"))
                found.push_back(std::move(interface));
    return found;
}

PciDevice read_pci(const fs::path &root, const std::string &address) {
    const fs::path device = root / "sys/bus/pci/devices" / address;
    PciDevice out;
    out.address = address;
    out.driver = last_part_of_link(device / "driver");
    out.iommu_group = last_part_of_link(device / "iommu_group");
    const std::string of_class = first_line(device / "class"); // 0x020000
    out.is_network = of_class.starts_with("0x02");
    out.is_bridge = of_class.starts_with("0x06");
    if (const std::string node = first_line(device / "numa_node"); !node.empty())
        std::from_chars(node.data(), node.data() + node.size(), out.numa_node);
    out.kept_driver = first_line(root / "etc/driverctl.d" / ("pci-" + address));
    out.interfaces = interfaces_of(device);
    return out;
}

/// Whether a list of modules, modules.dep or modules.builtin, has this one. A module's file is
/// written with '-' or '_' as its author liked.
bool lists_module(const fs::path &list, const std::string &module) {
    std::ifstream in(list);
    std::string line;
    while (std::getline(in, line)) {
        std::string path = line.substr(0, line.find(':'));
        std::ranges::replace(path, '-', '_');
        const size_t slash = path.rfind('/');
        if (slash != std::string::npos && path.compare(slash + 1, module.size(), module) == 0 &&
            path.compare(slash + 1 + module.size(), 3, ".ko") == 0)
            return true;
    }
    return false;
}

Module read_module(const fs::path &root, const std::string &module, const fs::path &when_loaded) {
    if (has(root / "sys/module" / module) || has(root / when_loaded)) return Module::LOADED;
    const fs::path modules = root / "lib/modules" / first_line(root / "proc/sys/kernel/osrelease");
    if (lists_module(modules / "modules.builtin", module)) return Module::LOADED;
    return lists_module(modules / "modules.dep", module) ? Module::AVAILABLE : Module::ABSENT;
}

void read_huge_pages(const fs::path &root, Machine &machine) {
    const fs::path all = root / "sys/kernel/mm/hugepages";
    constexpr std::string_view prefix = "hugepages-"; // hugepages-2048kB
    for (const std::string &name : names_in(all)) {
        HugePages pages;
        if (!name.starts_with(prefix)) continue;
        std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pages.page_kib);
        pages.total = number_in(all / name / "nr_hugepages");
        pages.free = number_in(all / name / "free_hugepages");
        if (pages.page_kib != 0) machine.huge_pages.push_back(pages);
    }
}

void read_cpus(const fs::path &root, Machine &machine) {
    machine.cpus = parse_cpu_list(first_line(root / "sys/devices/system/cpu/online"));
    machine.isolated = parse_cpu_list(first_line(root / "sys/devices/system/cpu/isolated"));
    const fs::path nodes = root / "sys/devices/system/node";
    for (const std::string &name : names_in(nodes)) {
        int node = -1;
        if (!name.starts_with("node")) continue;
        if (std::from_chars(name.data() + 4, name.data() + name.size(), node).ec != std::errc())
            continue;
        for (const unsigned cpu : parse_cpu_list(first_line(nodes / name / "cpulist")))
            machine.node_of_cpu[cpu] = node;
    }
    std::ifstream info(root / "proc/cpuinfo");
    std::string line;
    while (machine.cpu_vendor.empty() && std::getline(info, line))
        if (line.starts_with("vendor_id"))
            machine.cpu_vendor = line.substr(line.find_last_of(" \t") + 1);
}

/// Lines that are comments do not count.
bool mentions(const fs::path &file, std::string_view word) {
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line))
        if (!line.starts_with('#') && line.find(word) != std::string::npos) return true;
    return false;
}

void read_service(const fs::path &root, Machine &machine) {
    machine.has_systemd = has(root / "run/systemd/system");
    for (const char *directory : {"etc/systemd/system", "lib/systemd/system",
                                  "usr/lib/systemd/system", "usr/local/lib/systemd/system"})
        for (const std::string &name : names_in(root / directory)) {
            if (name == "laggd.service") {
                machine.service_installed = true;
                if (mentions(root / directory / name, "CAP_SYS_ADMIN"))
                    machine.service_has_sys_admin = true;
            }
            if (name != "laggd.service.d") continue;
            for (const std::string &file : names_in(root / directory / name))
                if (mentions(root / directory / name / file, "CAP_SYS_ADMIN"))
                    machine.service_has_sys_admin = true;
        }
    machine.service_enabled =
        is_there(root / "etc/systemd/system/multi-user.target.wants/laggd.service");
}

std::optional<uint64_t> read_capabilities(const fs::path &root) {
    std::ifstream status(root / "proc/self/status");
    std::string line;
    while (std::getline(status, line)) {
        if (!line.starts_with("CapEff:")) continue;
        const size_t digits = line.find_first_not_of(" \t", 7);
        if (digits == std::string::npos) return std::nullopt;
        uint64_t bits = 0;
        if (std::from_chars(line.data() + digits, line.data() + line.size(), bits, 16).ec ==
            std::errc())
            return bits;
    }
    return std::nullopt;
}

} // namespace

std::vector<unsigned> parse_cpu_list(const std::string &text) {
    std::vector<unsigned> cpus;
    std::istringstream parts(text);
    std::string part;
    constexpr unsigned kMostCpus = 8192; // more than any kernel is built for
    while (std::getline(parts, part, ',')) {
        unsigned first = 0;
        const char *end = part.data() + part.size();
        const auto [behind, wrong] = std::from_chars(part.data(), end, first);
        if (wrong != std::errc()) continue;
        unsigned last = first;
        if (behind != end && *behind == '-') std::from_chars(behind + 1, end, last);
        for (unsigned cpu = first; cpu <= last && cpu < kMostCpus; ++cpu)
            cpus.push_back(cpu);
    }
    return cpus;
}

Machine read_files(const std::string &root_name) {
    const fs::path root = root_name;
    Machine machine;
    machine.sees_pci = has(root / "sys/bus/pci/devices");
    for (const std::string &address : names_in(root / "sys/bus/pci/devices"))
        machine.pci[address] = read_pci(root, address);
    const fs::path groups = root / "sys/kernel/iommu_groups";
    for (const std::string &group : names_in(groups))
        machine.iommu_groups[group] = {first_line(groups / group / "type"),
                                       names_in(groups / group / "devices")};
    machine.command_line = first_line(root / "proc/cmdline");
    read_huge_pages(root, machine);
    read_cpus(root, machine);
    machine.vfio_pci = read_module(root, "vfio_pci", "sys/bus/pci/drivers/vfio-pci");
    machine.uio_pci_generic =
        read_module(root, "uio_pci_generic", "sys/bus/pci/drivers/uio_pci_generic");
    machine.tun = read_module(root, "tun", "sys/class/misc/tun");
    machine.vfio_without_iommu =
        first_line(root / "sys/module/vfio/parameters/enable_unsafe_noiommu_mode") == "Y";
    machine.has_tun_device = has(root / "dev/net/tun");
    read_service(root, machine);
    machine.capabilities = read_capabilities(root);
    return machine;
}

Machine read_machine() {
    Machine machine = read_files("/");
    Result<std::map<std::string, Interface>> interfaces = read_interfaces();
    if (interfaces) machine.interfaces = *std::move(interfaces);
    return machine;
}

} // namespace lagg::host
