// Transmit machine (802.1AX-2014 6.4.16): at most three LACPDUs in a Fast_Periodic_Time. ntt
// outlives the limit and the content is made when the frame leaves, so the last state is always
// told.
#include "lacp/transmit_machine.hh"

namespace lagg::lacp::transmit_machine {

void drop_ntt_if_silent(AggregationPort &port) {
    if (port.periodic == PeriodicState::NO_PERIODIC) port.ntt = false;
}

bool should_send(const AggregationPort &port, Time now) {
    return port.ntt && port.lacpdu_limit.allows(now);
}

std::optional<Time> deadline(const AggregationPort &port, Time now) {
    if (!port.ntt || port.lacpdu_limit.allows(now)) return std::nullopt;
    return port.lacpdu_limit.allows_again();
}

Frame send(AggregationPort &port, uint16_t collector_max_delay, Time now) {
    port.ntt = false;
    port.told_sync = port.actor.state.synchronization;
    port.lacpdu_limit.note(now);
    port.last_lacpdu_tx = now;
    ++port.counters.lacpdus_tx;
    return encode(Lacpdu{port.actor, port.partner, collector_max_delay}, port.address);
}

} // namespace lagg::lacp::transmit_machine
