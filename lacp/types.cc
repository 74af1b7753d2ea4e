// The state octet as it goes over the wire (802.1AX-2014 6.4.2.3, Actor_State).
#include "lacp/types.hh"

namespace lagg::lacp {

uint8_t to_octet(State state) {
    const bool bits[] = {state.activity,        state.timeout,    state.aggregation,
                         state.synchronization, state.collecting, state.distributing,
                         state.defaulted,       state.expired};
    unsigned octet = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
        if (bits[bit]) octet |= 1U << bit;
    }
    return static_cast<uint8_t>(octet);
}

State state_from_octet(uint8_t octet) {
    const auto bit = [octet](unsigned number) { return (octet >> number & 1U) != 0; };
    return {bit(0), bit(1), bit(2), bit(3), bit(4), bit(5), bit(6), bit(7)};
}

} // namespace lagg::lacp
