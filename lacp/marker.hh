// Marker protocol (802.1AX-2014 6.5): the codec, and the Marker Responder every port must have.
#pragma once

#include "lacp/slow_protocol.hh"
#include "lacp/types.hh"

#include <optional>
#include <span>

namespace lagg::lacp {

struct MarkerPdu {
    bool response = false; ///< Marker Response Information rather than Marker Information
    PortNumber requester_port = 0;
    MacAddress requester_system{};
    uint32_t transaction_id = 0;
    bool operator==(const MarkerPdu &) const = default;
};

Frame encode(const MarkerPdu &pdu, const MacAddress &source);

/// Reads a frame classified as MARKER. Nothing when it is too short or its TLV is neither a Marker
/// nor a Marker Response of the right length.
std::optional<MarkerPdu> decode_marker(std::span<const uint8_t> frame);

/// The Marker Responder (6.5.4.2): the answer to `pdu`. Nothing for a Response, because two
/// responders that answered each other would never stop.
std::optional<MarkerPdu> respond(const MarkerPdu &pdu);

} // namespace lagg::lacp
