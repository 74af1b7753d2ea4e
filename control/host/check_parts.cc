// See check_parts.hh.
#include "control/host/check_parts.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <cassert>

namespace lagg::host {

const char *to_text(Level level) {
    switch (level) {
    case Level::OK: return "ok";
    case Level::UNSEEN: return "unseen";
    case Level::WARN: return "warn";
    case Level::WRONG: return "wrong";
    }
    assert(false);
    return "";
}

bool is_vfio(const std::string &driver) {
    return driver == "vfio-pci";
}

bool is_uio(const std::string &driver) {
    return driver == "uio_pci_generic" || driver == "igb_uio";
}

bool is_bifurcated(const std::string &driver) {
    return driver.starts_with("mlx");
}

bool has_iommu(const Machine &machine) {
    return !machine.iommu_groups.empty();
}

std::string way_to_iommu(const Machine &machine) {
    const bool asked = machine.command_line.find("intel_iommu=on") != std::string::npos;
    // AMD's is on wherever the firmware lets it.
    if (asked || machine.cpu_vendor == "AuthenticAMD")
        return "an IOMMU that is there is turned on in the firmware's setup";
    return "an IOMMU that is there is turned on by intel_iommu=on iommu=pt on the kernel's command "
           "line";
}

bool asks_for_physical(const config::Config &config) {
    const std::vector<std::string> &eal = config.daemon.eal;
    for (size_t i = 0; i < eal.size(); ++i)
        if (eal[i] == "--iova-mode=pa" ||
            (eal[i] == "--iova-mode" && i + 1 < eal.size() && eal[i + 1] == "pa"))
            return true;
    return false;
}

std::string driver_for(const Machine &machine, const PciDevice &device) {
    if (!device.iommu_group.empty()) return machine.vfio_pci == Module::ABSENT ? "" : "vfio-pci";
    if (has_iommu(machine)) return "";
    return machine.uio_pci_generic == Module::ABSENT ? "" : "uio_pci_generic";
}

std::vector<unsigned> worker_cpus(const Machine &machine, const config::Config &config) {
    if (!config.daemon.workers.empty()) return config.daemon.workers;
    if (machine.cpus.empty()) return {};
    return {machine.cpus.back()};
}

std::string to_sentence(const Finding &finding) {
    std::string sentence = finding.says;
    for (size_t i = 0; i < finding.mend.size(); ++i)
        sentence += std::string(i == 0 ? "; mend it with `" : ", `") + finding.mend[i] + "`";
    return sentence;
}

std::string first_wrong(const std::vector<Finding> &findings) {
    for (const Finding &finding : findings)
        if (finding.level == Level::WRONG) return to_sentence(finding);
    return {};
}

} // namespace lagg::host
