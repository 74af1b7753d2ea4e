// What a port and its partner were seen to do for a while: memory that the Selection Logic
// (802.1AX-2014 6.4.14) needs, so that it follows no move of a negotiation.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp {

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
