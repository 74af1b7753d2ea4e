// Where a lagg comes out towards the kernel: a persistent multi-queue TAP, driven by DPDK's net_tap.
//
// The TAP outlives the process, so its addresses, its routes and the sockets bound to it survive a
// restart of the daemon; without a process on it the kernel shows it without carrier.
#pragma once

#include "dataplane/base/mac_address.hh"
#include "dataplane/port/port.hh"

#include <string>

namespace lagg::upper {

/// How to open the TAP called `name`, which is made when it is not there yet.
port::OpenOptions kernel_interface(const std::string &name, const MacAddress &mac, uint16_t mtu, uint16_t queues);

/// To be called once before the first kernel_interface is opened, and before other threads are made.
/// net_tap asks the kernel for a real-time signal with every frame and looks at a queue only after one
/// came. At a high frame rate that is an interrupted thread for every frame, so the signals are taken
/// from it; it then looks at its queues whenever it is polled.
void take_signals_from_net_tap();

/// Whether this process may make and open TAPs, and if not the reason in words.
Result<void> can_open_kernel_interface();

} // namespace lagg::upper
