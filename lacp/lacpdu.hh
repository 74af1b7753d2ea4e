// LACPDU structure and encoding (802.1AX-2014 6.4.2): bytes to values and back.
#pragma once

#include "lacp/slow_protocol.hh"
#include "lacp/types.hh"

#include <optional>
#include <span>

namespace lagg::lacp {

/// What a LACPDU of any version says in its first three TLVs.
struct Lacpdu {
    PortInformation actor;
    PortInformation partner;
    uint16_t collector_max_delay = 0; ///< tens of microseconds
    bool operator==(const Lacpdu &) const = default;
};

/// A version 1 LACPDU, reserved octets zero.
Frame encode(const Lacpdu &pdu, const MacAddress &source);

/// Reads a frame classified as LACP. Nothing when it is shorter than a LACPDU or one of the first
/// three TLVs has a wrong type or length. Later versions carry more TLVs and may be longer, so the
/// version, reserved octets and everything after the third TLV are ignored.
std::optional<Lacpdu> decode_lacpdu(std::span<const uint8_t> frame);

} // namespace lagg::lacp
