// Who sends LACPDUs of our own system: a cable that leads back to us, or another host that took our
// identity, as a cloned one does.
#pragma once

#include "lacp/lacpdu.hh"
#include "lacp/system.hh"

#include <string>

namespace lagg::aggregation {

/// By what the sender of a LACPDU with our system's MAC is none of our ports: "its system priority
/// 100 and its key 9". Empty where it may be one of them: what we sent comes back.
std::string stranger_by(const lacp::PortInformation &actor, const lacp::MacAddress &source,
                        const lacp::SystemSnapshot &system);

} // namespace lagg::aggregation
