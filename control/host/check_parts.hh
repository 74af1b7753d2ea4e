// Parts that the checks of the machine and those of a port share.
#pragma once

#include "control/host/check.hh"

#include <string>
#include <utility>
#include <vector>

namespace lagg::host {

inline Finding fine(std::string check, std::string says) {
    return {std::move(check), Level::OK, std::move(says)};
}
inline Finding warning(std::string check, std::string says, std::vector<std::string> mend = {}) {
    return {std::move(check), Level::WARN, std::move(says), std::move(mend)};
}
inline Finding wrong(std::string check, std::string says, std::vector<std::string> mend = {}) {
    return {std::move(check), Level::WRONG, std::move(says), std::move(mend)};
}

/// Whether some lagg has the port below or above.
bool is_used(const config::Config &config, const std::string &port);

/// Drivers that give a device to programs.
bool is_vfio(const std::string &driver);
bool is_uio(const std::string &driver);
/// Mellanox devices stay with their kernel driver, and DPDK works through it.
bool is_bifurcated(const std::string &driver);

/// Whether the kernel drives an IOMMU.
bool has_iommu(const Machine &machine);

/// How an IOMMU of this CPU is turned on, as a clause.
std::string way_to_iommu(const Machine &machine);

/// Whether [daemon] eal has --iova-mode=pa.
bool asks_for_physical(const config::Config &config);

/// The driver that a device is to be bound to here, "vfio-pci" or "uio_pci_generic"; empty where
/// neither can work.
std::string driver_for(const Machine &machine, const PciDevice &device);

/// Cores that workers run on, as far as the configuration and the machine tell.
std::vector<unsigned> worker_cpus(const Machine &machine, const config::Config &config);

} // namespace lagg::host
