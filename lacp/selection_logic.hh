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

/// How long a partner must be out of sync to be taken to refuse a link, when Aggregators are
/// compared. Longer than a negotiation takes.
inline constexpr Duration kPatienceTime = 2 * kAggregateWaitTime + kFastPeriodicTime;

/// Keeps port.failed and port.restore_timer up to date: a port that carried traffic and stopped
/// working has failed, until it has worked for `wait_to_restore`. Returns whether port.failed
/// changed. Call before the mux machine closes the port.
bool watch_failure(AggregationPort &port, Duration wait_to_restore, Time now);

/// Keeps port.attitude and its timer up to date: a partner in contact REFUSES after it was out of
/// sync for kPatienceTime, and AGREES after it was in sync for a little longer; what changes faster
/// is a negotiation. Returns whether the attitude changed.
bool watch_partner(AggregationPort &port, Time now);

/// Keeps port.declined and its timer up to date: a partner in contact declines a link when it is
/// out of sync for kPatienceTime while we are in sync. It stays declined until the partner is in
/// sync or contact is lost. Returns whether port.declined changed.
bool watch_offer(AggregationPort &port, Time now);

} // namespace lagg::lacp
