// Frames that tell a switch and the hosts behind it where a lagg is now: gratuitous ARP (RFC
// 5944 4.6), unsolicited Neighbor Advertisements (RFC 4861 7.2.6), and, for a lagg without
// addresses of its own, a RARP request, which every switch learns the source address from.
//
// In failover the ports can lead to different switches, and traffic towards the lagg goes on to the
// port that failed until something is heard from the other one.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/mac_address.hh"

#include <cstdint>
#include <vector>

namespace lagg::aggregation {

/// One frame an alias, or a single one when there are none; from the destination address on,
/// without FCS.
std::vector<std::vector<uint8_t>> announcements(const MacAddress &mac,
                                                const std::vector<config::Alias> &aliases);

} // namespace lagg::aggregation
