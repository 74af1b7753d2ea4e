// Numbers and names in the words an operator uses: speeds, durations, protocols.
#pragma once

#include "control/api/snapshot.hh"

#include <cstdint>
#include <string>

namespace lagg::api {

/// 100M, 2.5G, 10G; "-" for 0, which means unknown.
std::string speed_text(uint64_t mbps);
/// 1.2 s, 95 s, 12 min, 5 h 12 min, 3 d 4 h.
std::string duration_text(double seconds);
/// The protocol's name as tables show it: LACP, FAILOVER, ...
std::string protocol_text(const Lagg &lagg);

size_t distributing_ports(const Lagg &lagg);

} // namespace lagg::api
