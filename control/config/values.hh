// Values with a syntax of their own: devices, addresses, lists of cores. Pure text
// to value; each error is the whole sentence that the operator reads.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/result.hh"

#include <string>
#include <string_view>
#include <vector>

namespace lagg::config {

/// DPDK of Debian 12 is built for 128 lcores (RTE_MAX_LCORE).
inline constexpr unsigned kMaxCores = 128;

/// A device in its canonical form: a PCI address in lower case with its domain, or a vdev string.
Result<std::string> parse_device(std::string_view text);

/// Two devices with the same identity are the same piece of hardware: the PCI address without its
/// arguments, the kernel interface behind a vdev with an iface= argument, else the whole string.
std::string device_identity(const std::string &device);

/// The PCI address of a device, without arguments; empty for a vdev.
std::string pci_address(const std::string &device);

/// The interface that net_af_packet or net_af_xdp opens while the kernel keeps it; empty for all
/// other devices, of which an iface= may be what they make.
std::string opened_interface(const std::string &device);

/// Every interface, once, that the arguments of a device name: iface=, of net_pcap rx_iface= and
/// tx_iface=, of net_tap remote=.
std::vector<std::string> named_interfaces(const std::string &device);

/// A host's address with its prefix length: not the unspecified, a loopback, a multicast or the
/// broadcast address.
Result<Alias> parse_alias(std::string_view text);

/// "2-5", "2,4,6" or both mixed. "auto" is not handled here.
Result<std::vector<unsigned>> parse_cores(std::string_view text);

/// Whether an argument may be handed to EAL: not what laggd itself decides (cores, memory,
/// devices), and not what ends the process.
Result<void> check_eal_argument(std::string_view argument);

/// A unicast MAC address that is not all zero; `subject` opens the sentence, "'mac' of lagg0".
Result<MacAddress> parse_unicast_mac(std::string_view text, const std::string &subject);

/// A letter and at most 30 of letters, digits, '_', '.', '-'.
bool is_port_name(std::string_view name);

/// As a message calls a lagg: a good name stands for itself, and so does "this [[lagg]]" for none.
std::string called_lagg(std::string_view name);

/// "lagg" and a number from 0 to 4095 without leading zeros.
bool is_lagg_name(std::string_view name);

} // namespace lagg::config
