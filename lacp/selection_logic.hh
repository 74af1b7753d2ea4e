// Selection Logic (802.1AX-2014 6.4.14): which Aggregator each port should use, which Aggregator is
// the active one, and which of its ports may carry traffic.
//
// Pure: reads ports, returns assignments; System applies them.
#pragma once

#include "lacp/aggregation_port.hh"

#include <array>
#include <span>

namespace lagg::lacp {

/// Ports by place; the Aggregator of place i has the number i + 1.
using Ports = std::array<AggregationPort, kMaxPorts>;

struct Assignment {
    Selected selected = Selected::UNSELECTED;
    uint16_t aggregator = 0;
    const char *reason = "";
};

struct Selection {
    uint16_t active = 0; ///< 0 for none
    std::array<Assignment, kMaxPorts> ports;
};

/// `active` is the Aggregator active until now.
Selection select(const SystemParameters &parameters, const Ports &ports, uint16_t active);

/// Ready (6.4.14): every port that is SELECTED to `aggregator` and still WAITING has waited enough.
/// Ports that attach together save the partner from seeing one change after the other.
bool is_ready(const Ports &ports, uint16_t aggregator);

} // namespace lagg::lacp
