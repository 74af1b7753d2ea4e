// The machine as a whole.
#include "control/host/check_parts.hh"

#include "control/config/values.hh"
#include "dataplane/base/wording.hh"
#include "dataplane/port/pool_size.hh"

#include <algorithm>

namespace lagg::host {

namespace {

constexpr uint64_t kMib = uint64_t{1} << 20;
/// Rings, queues of a few devices and what EAL keeps for itself.
constexpr uint64_t kOtherBytes = 96 * kMib;
/// Memory for each port beyond the first ones: net_tap takes 3 MiB for a pool of its own.
constexpr uint64_t kBytesOfPort = 4 * kMib;
constexpr size_t kFirstPorts = 16;

std::string mib(uint64_t bytes) {
    return std::to_string(bytes / kMib) + " MiB";
}

bool has_bound_nic(const Machine &machine, const config::Config &config) {
    return std::ranges::any_of(config.ports, [&](const config::Port &port) {
        const auto device = machine.pci.find(config::pci_address(port.device));
        return device != machine.pci.end() && !is_bifurcated(device->second.driver);
    });
}

/// Pages of the default size are what vm.nr_hugepages counts; the smallest size stands for it.
std::vector<std::string> more_huge_pages(const Machine &machine, uint64_t needed) {
    const HugePages *smallest = nullptr;
    uint64_t others = 0;
    for (const HugePages &pages : machine.huge_pages)
        if (smallest == nullptr || pages.page_kib < smallest->page_kib) smallest = &pages;
    if (smallest == nullptr) return {};
    for (const HugePages &pages : machine.huge_pages)
        if (&pages != smallest) others += pages.free_bytes();
    const uint64_t page = smallest->page_kib * 1024;
    const uint64_t used = smallest->total - std::min(smallest->total, smallest->free);
    const uint64_t missing = needed > others ? needed - others : 0;
    const uint64_t count = used + (missing + page - 1) / page;
    return {"echo vm.nr_hugepages=" + std::to_string(count) +
                " | sudo tee /etc/sysctl.d/60-lagg.conf",
            "sudo sysctl -p /etc/sysctl.d/60-lagg.conf"};
}

Finding check_huge_pages(const Machine &machine, const config::Config &config) {
    const std::string check = "hugepages";
    const uint64_t needed = memory_needed(config);
    if (config.daemon.memory == config::Memory::NONE) {
        if (has_bound_nic(machine, config))
            return warning(check,
                           "memory = \"none\" takes no huge pages, and most drivers of bound "
                           "NICs want them",
                           {"memory = \"auto\" in [daemon]"});
        return fine(check, "memory = \"none\" needs none");
    }
    if (machine.huge_pages.empty()) {
        const std::string says =
            "this kernel shows no huge pages, and " + mib(needed) + " of them are wanted";
        const std::vector<std::string> mend{"memory = \"none\" in [daemon]"};
        return config.daemon.memory == config::Memory::HUGEPAGES ? wrong(check, says, mend)
                                                                 : warning(check, says, mend);
    }
    const uint64_t free = free_huge_page_bytes(machine);
    uint64_t total = 0;
    for (const HugePages &pages : machine.huge_pages)
        total += pages.total_bytes();
    if (free >= needed) return fine(check, mib(free) + " are free, " + mib(needed) + " are needed");
    if (total >= needed)
        return warning(check,
                       "of " + mib(total) + " only " + mib(free) + " are free, and " + mib(needed) +
                           " are needed at a start; a running laggd has its part of them already",
                       more_huge_pages(machine, needed));
    const std::string says = mib(free) + " are free and " + mib(needed) + " are needed";
    const std::vector<std::string> mend = more_huge_pages(machine, needed);
    if (config.daemon.memory == config::Memory::HUGEPAGES)
        return wrong(check, "memory = \"hugepages\", but " + says, mend);
    return warning(check,
                   says + "; laggd goes on without, which costs speed, and a NIC bound to uio "
                          "does not work then",
                   mend);
}

Finding check_iommu(const Machine &machine) {
    const std::string check = "iommu";
    if (has_iommu(machine))
        return fine(check, "on, " + std::to_string(machine.iommu_groups.size()) +
                               " groups: vfio-pci is the driver for NICs");
    if (machine.uio_pci_generic != Module::ABSENT)
        return fine(check,
                    "off or absent: uio_pci_generic is the driver for NICs, without protection "
                    "from what they write; " +
                        way_to_iommu(machine));
    return warning(check,
                   "off or absent, and this kernel has no uio_pci_generic: no NIC can be bound, "
                   "and net_af_packet and net_af_xdp remain; " +
                       way_to_iommu(machine));
}

Finding check_driver(const Machine &machine) {
    const std::string check = "driver";
    const bool vfio = has_iommu(machine);
    const Module module = vfio ? machine.vfio_pci : machine.uio_pci_generic;
    const std::string name = vfio ? "vfio-pci" : "uio_pci_generic";
    switch (module) {
    case Module::LOADED: return fine(check, name + " is in the kernel");
    case Module::AVAILABLE: return fine(check, name + " is there; driverctl loads it");
    case Module::ABSENT: break;
    }
    return warning(check, "this kernel has no " + name + ", so that no NIC can be bound to it");
}

Finding check_tun(const Machine &machine, const config::Config &config) {
    const std::string check = "tun";
    const bool wanted = std::ranges::any_of(
        config.laggs, [](const config::Lagg &lagg) { return lagg.upper.has_interface(); });
    if (machine.has_tun_device) return fine(check, "/dev/net/tun is there");
    const bool module = machine.tun != Module::ABSENT;
    std::vector<std::string> mend;
    if (machine.tun == Module::AVAILABLE) mend.emplace_back("sudo modprobe tun");
    if (machine.tun == Module::LOADED)
        mend.emplace_back("sudo mkdir -p /dev/net && sudo mknod -m 666 /dev/net/tun c 10 200");
    const std::string says =
        std::string("there is no /dev/net/tun") +
        (module ? "" : " and no tun module in this kernel; a container is given it from outside") +
        ", so that laggs get no interface of the kernel";
    if (!mend.empty() || wanted) {
        if (mend.empty()) mend.emplace_back("upper = \"none\" or \"port:NAME\" in the [[lagg]]");
        return wanted ? wrong(check, says, mend) : warning(check, says, mend);
    }
    return warning(check, says);
}

std::string cpu_words(const std::vector<unsigned> &cpus) {
    std::vector<std::string> words;
    for (const unsigned cpu : cpus)
        words.push_back(std::to_string(cpu));
    return listed(words);
}

Finding check_cores(const Machine &machine, const config::Config &config) {
    const std::string check = "cores";
    const std::vector<unsigned> workers = worker_cpus(machine, config);
    std::vector<unsigned> absent;
    std::vector<unsigned> shared;
    for (const unsigned cpu : workers) {
        if (std::ranges::find(machine.cpus, cpu) == machine.cpus.end()) absent.push_back(cpu);
        if (std::ranges::find(machine.isolated, cpu) == machine.isolated.end())
            shared.push_back(cpu);
    }
    if (machine.cpus.empty()) return {check, Level::UNSEEN, "/sys does not tell the cores"};
    if (!absent.empty())
        return wrong(check, "[daemon] workers names core " + cpu_words(absent) +
                                ", and this machine has " + cpu_words(machine.cpus));
    if (machine.isolated.empty())
        return fine(check,
                    "no core is isolated, so that workers (" + cpu_words(workers) +
                        ") share theirs with other processes; isolcpus=" + cpu_words(workers) +
                        " on the kernel's command line keeps those off");
    if (config.daemon.workers.empty())
        return warning(check,
                       "cores " + cpu_words(machine.isolated) +
                           " are isolated, and workers = \"auto\" does not use them",
                       {"workers = [" + cpu_words(machine.isolated) + "] in [daemon]"});
    if (!shared.empty())
        return warning(check,
                       "worker core " + cpu_words(shared) + " is not among the isolated ones, " +
                           cpu_words(machine.isolated),
                       {"workers = [" + cpu_words(machine.isolated) + "] in [daemon]"});
    return fine(check, "workers run on isolated cores: " + cpu_words(workers));
}

Finding check_service(const Machine &machine) {
    const std::string check = "service";
    if (!machine.has_systemd)
        return fine(check, "systemd does not run here; something else has to start laggd");
    if (!machine.service_installed)
        return warning(check, "systemd has no laggd.service, so that laggd does not start at boot",
                       {"sudo install -m 644 packaging/laggd.service /etc/systemd/system/",
                        "sudo systemctl daemon-reload", "sudo systemctl enable --now laggd"});
    if (!machine.service_enabled)
        return warning(check, "laggd.service is not enabled, so that laggd does not start at boot",
                       {"sudo systemctl enable --now laggd"});
    return fine(check, "laggd.service is enabled");
}

Finding check_privilege(const Machine &machine) {
    constexpr uint64_t kNetAdmin = uint64_t{1} << 12;
    constexpr uint64_t kNetRaw = uint64_t{1} << 13;
    const std::string check = "privilege";
    if (!machine.capabilities)
        return {check, Level::UNSEEN, "/proc does not tell what this user may do"};
    const bool may =
        (*machine.capabilities & kNetAdmin) != 0 && (*machine.capabilities & kNetRaw) != 0;
    if (may) return fine(check, "CAP_NET_ADMIN and CAP_NET_RAW are there");
    return {
        check,
        Level::UNSEEN,
        "this user may not run laggd with kernel interfaces; what root may do here was not seen",
        {"sudo laggctl doctor"}};
}

Finding for_the_machine(Finding finding) {
    finding.asked = false;
    return finding;
}

} // namespace

std::vector<Finding> check_machine(const Machine &machine, const config::Config &config) {
    std::vector<Finding> findings{check_huge_pages(machine, config), check_buffers(config)};
    if (machine.sees_pci) {
        findings.push_back(for_the_machine(check_iommu(machine)));
        findings.push_back(for_the_machine(check_driver(machine)));
    } else {
        findings.push_back(for_the_machine(fine(
            "iommu", "there is no /sys/bus/pci here, as in a container: no NIC can be bound")));
    }
    findings.push_back(check_tun(machine, config));
    Finding cores = check_cores(machine, config);
    // Workers on cores that do not exist are refused; where they had better run is advice.
    cores.asked = cores.level == Level::WRONG;
    findings.push_back(std::move(cores));
    findings.push_back(for_the_machine(check_service(machine)));
    findings.push_back(for_the_machine(check_privilege(machine)));
    return findings;
}

uint64_t memory_needed(const config::Config &config) {
    const bool xdp = std::ranges::any_of(config.ports, [](const config::Port &port) {
        return port.device.starts_with("net_af_xdp");
    });
    const size_t more_ports = std::max(config.ports.size(), kFirstPorts) - kFirstPorts;
    const Pools pools = pools_of(config);
    return port::pool_bytes_needed(pools.data) + port::slow_pool_bytes_needed(pools.slow) +
           kOtherBytes + more_ports * kBytesOfPort + (xdp ? port::xdp_pool_bytes_needed() : 0);
}

uint64_t free_huge_page_bytes(const Machine &machine) {
    uint64_t bytes = 0;
    for (const HugePages &pages : machine.huge_pages)
        bytes += pages.free_bytes();
    return bytes;
}

} // namespace lagg::host
