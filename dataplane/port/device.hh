// The device string of a port: what kind of device it names, and whether that device is there.
// Needs no EAL, so that `laggd --check` can answer without starting anything.
#pragma once

#include "dataplane/base/result.hh"

#include <string>
#include <string_view>

namespace lagg::port {

/// A device string taken apart.
struct Device {
    bool pci = false;
    std::string name;      ///< "0000:03:00.0", or the vdev's name, unique in this process
    std::string arguments; ///< what follows the name of a vdev, without the leading comma
    std::string driver;    ///< "net_af_packet" of a vdev; empty for PCI
    std::string interface; ///< value of iface=, or empty
};

/// `port` makes the name of a vdev unique when the string gives it no number of its own:
/// "net_af_packet,iface=eth1" of port p0 becomes "net_af_packet_p0".
Device parse_device(const std::string &device, const std::string &port);

/// True for a device that sends and receives through an interface which the kernel keeps as its
/// own.
bool opens_interface(const Device &device);

/// Value of `key` in "key=value,key=value", or empty.
std::string argument(std::string_view arguments, std::string_view key);

/// Whether what a vdev opens is there: the kernel interface behind net_af_packet and net_af_xdp,
/// the file of net_pcap. The bus of a PCI device is not looked at.
Result<void> check_device(const Device &device);

} // namespace lagg::port
