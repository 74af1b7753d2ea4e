// Transmit machine (802.1AX-2014 6.4.16): when a LACPDU leaves, and what it says.
#pragma once

#include "lacp/aggregation_port.hh"

#include <optional>

namespace lagg::lacp::transmit_machine {

/// ntt means nothing on a port that must not speak; call before should_send.
void drop_ntt_if_silent(AggregationPort &port);

/// Something is to be told and the limit lets it out.
bool should_send(const AggregationPort &port, Time now);

/// When a LACPDU held back by the limit may leave.
std::optional<Time> deadline(const AggregationPort &port, Time now);

/// The LACPDU with the values of this moment; counts it and clears ntt.
Frame send(AggregationPort &port, uint16_t collector_max_delay, Time now);

} // namespace lagg::lacp::transmit_machine
