// Aggregators (802.1AX-2014 6.4.6) and the LAG ID that says which ports may share one.
//
// A System has as many Aggregators as places for ports, so a port always finds a free one. They are
// plain numbers: which ports use one, and with which LAG ID, is read from the ports.
#pragma once

#include "lacp/aggregation_port.hh"

namespace lagg::lacp {

/// LAG ID (6.3.6). The port identifiers are zero unless the link is Individual; with them, no other
/// port can ever have the same LAG ID.
struct LagId {
    SystemId actor_system;
    Key actor_key = 0;
    SystemId partner_system;
    Key partner_key = 0;
    PortId actor_port;
    PortId partner_port;
    bool operator==(const LagId &) const = default;
};

inline LagId lag_id(const AggregationPort &port) {
    LagId id{port.actor.system, port.actor.key, port.partner.system, port.partner.key, {}, {}};
    if (port.is_individual()) {
        id.actor_port = port.actor.port;
        id.partner_port = port.partner.port;
    }
    return id;
}

/// "none" for 0, else the number: static text for StateChanged.
const char *aggregator_name(uint16_t number);

} // namespace lagg::lacp
