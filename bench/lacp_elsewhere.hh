// net_bonding in mode 4 (802.3ad) with nobody to talk to. DPDK has calls for a program that runs
// the protocol itself; here they tell the driver that every member collects and distributes. It
// sends no LACPDU of its own then.
#pragma once

#include <cstdint>

namespace lagg::bench {

/// Before the bonded device is started. Zero, or DPDK's negative error.
int leave_lacp_to_us(uint16_t bonded);
/// Whether the driver uses all of its members. It asks after their links in a thread of its own,
/// and takes a member in when it has an answer: some milliseconds after the start.
bool every_member_is_active(uint16_t bonded);
/// After every_member_is_active(). Zero, or DPDK's negative error.
int collect_and_distribute(uint16_t bonded);

} // namespace lagg::bench
