// Marker PDU octets (802.1AX-2014 6.5.3.3), counted from the destination address: 16 TLV type,
// 17 length, 18 requester port, 20 requester system, 26 transaction, 30 pad, 32 Terminator, 124
// end.
#include "lacp/marker.hh"

#include "lacp/bytes.hh"

namespace lagg::lacp {

namespace {

constexpr uint8_t kMarkerType = 1;
constexpr uint8_t kResponseType = 2;
constexpr uint8_t kTlvLength = 16;

} // namespace

Frame encode(const MarkerPdu &pdu, const MacAddress &source) {
    Frame frame{};
    put_slow_header(frame, source, kMarkerSubtype);
    put8(frame, 16, pdu.response ? kResponseType : kMarkerType);
    put8(frame, 17, kTlvLength);
    put16(frame, 18, pdu.requester_port);
    put_address(frame, 20, pdu.requester_system);
    put32(frame, 26, pdu.transaction_id);
    return frame;
}

std::optional<MarkerPdu> decode_marker(std::span<const uint8_t> frame) {
    if (frame.size() < kFrameLength) return std::nullopt;
    const uint8_t type = get8(frame, 16);
    if (type != kMarkerType && type != kResponseType) return std::nullopt;
    if (get8(frame, 17) != kTlvLength) return std::nullopt;
    return MarkerPdu{type == kResponseType, get16(frame, 18), get_address(frame, 20),
                     get32(frame, 26)};
}

std::optional<MarkerPdu> respond(const MarkerPdu &pdu) {
    if (pdu.response) return std::nullopt;
    MarkerPdu response = pdu;
    response.response = true;
    return response;
}

} // namespace lagg::lacp
