// The head of a Slow Protocols frame: 0 destination, 6 source, 12 ethertype, 14 subtype, 15
// version.
#include "lacp/slow_protocol.hh"

#include "lacp/bytes.hh"

namespace lagg::lacp {

SlowProtocol classify(std::span<const uint8_t> frame) {
    if (frame.size() < 15) return SlowProtocol::ILLEGAL;
    // The other reserved destinations and unicast belong to somebody else's agreement; a tagged
    // frame shows its tag where the ethertype should be.
    if (get_address(frame, 0) != kSlowProtocolsAddress) return SlowProtocol::UNKNOWN;
    if (get16(frame, 12) != kSlowProtocolsType) return SlowProtocol::UNKNOWN;
    const uint8_t subtype = get8(frame, 14);
    if (subtype == kLacpSubtype) return SlowProtocol::LACP;
    if (subtype == kMarkerSubtype) return SlowProtocol::MARKER;
    if (subtype == 0 || subtype > kHighestSubtype) return SlowProtocol::ILLEGAL;
    return SlowProtocol::UNKNOWN;
}

void put_slow_header(Frame &frame, const MacAddress &source, uint8_t subtype) {
    put_address(frame, 0, kSlowProtocolsAddress);
    put_address(frame, 6, source);
    put16(frame, 12, kSlowProtocolsType);
    put8(frame, 14, subtype);
    put8(frame, 15, 1);
}

} // namespace lagg::lacp
