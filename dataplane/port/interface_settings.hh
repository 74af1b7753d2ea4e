// Settings of a kernel interface behind a port that its driver does not offer, by its index.
#pragma once

#include "dataplane/base/mac_address.hh"

#include <string>

namespace lagg::port {

/// All of them return 0 or a negative errno, -ENODEV when the interface is gone.
int read_interface_mtu(unsigned index, int &mtu);
int set_interface_mtu(unsigned index, int mtu);
int set_interface_mac(unsigned index, const MacAddress &mac);
/// The driver's name as ethtool tells it, "veth" or "macvlan"; empty where it does not tell.
std::string interface_driver(unsigned index);

} // namespace lagg::port
