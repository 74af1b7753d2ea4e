// What API clients ask of single ports and flows, carried to the protocol thread. Returns as soon
// as that has done it, which waits for no device.
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "control/api/server.hh"

namespace lagg::daemon {

Result<api::PortHistory> port_history(aggregation::ProtocolThread &protocol,
                                      const std::string &lagg, const std::string &port);
/// The error says what is wrong with the question.
Result<api::FlowAnswer> where_goes(aggregation::ProtocolThread &protocol, const std::string &lagg,
                                   const api::FlowQuestion &question);
/// What the driver of a port counts; the error says why nothing can be had.
Result<api::ExtendedCounters> extended_counters(aggregation::ProtocolThread &protocol,
                                                const std::string &lagg, const std::string &port);
Result<std::string> switch_port(aggregation::ProtocolThread &protocol, const api::SwitchWish &wish);

} // namespace lagg::daemon
