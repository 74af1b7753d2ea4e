// LACPDU octets (802.1AX-2014 6.4.2.3, Figure 6-7), counted from the destination address:
// 16 Actor TLV, 36 Partner TLV, 56 Collector TLV, 72 Terminator, 124 end.
#include "lacp/lacpdu.hh"

#include "lacp/bytes.hh"

namespace lagg::lacp {

namespace {

struct TlvPlace {
    size_t at;
    uint8_t type;
    uint8_t length; ///< includes the two octets of type and length
};
constexpr TlvPlace kActor{16, 1, 20};
constexpr TlvPlace kPartner{36, 2, 20};
constexpr TlvPlace kCollector{56, 3, 16};
static_assert(kActor.at + kActor.length == kPartner.at);
static_assert(kPartner.at + kPartner.length == kCollector.at);
static_assert(kCollector.at + kCollector.length + 2 + 50 == kFrameLength);

bool is_in_place(std::span<const uint8_t> frame, TlvPlace tlv) {
    return get8(frame, tlv.at) == tlv.type && get8(frame, tlv.at + 1) == tlv.length;
}

PortInformation get_information(std::span<const uint8_t> frame, size_t at) {
    PortInformation information;
    information.system = {get16(frame, at + 2), get_address(frame, at + 4)};
    information.key = get16(frame, at + 10);
    information.port = {get16(frame, at + 12), get16(frame, at + 14)};
    information.state = state_from_octet(get8(frame, at + 16));
    return information;
}

void put_tlv_head(Frame &frame, TlvPlace tlv) {
    put8(frame, tlv.at, tlv.type);
    put8(frame, tlv.at + 1, tlv.length);
}

void put_information(Frame &frame, TlvPlace tlv, const PortInformation &information) {
    put_tlv_head(frame, tlv);
    put16(frame, tlv.at + 2, information.system.priority);
    put_address(frame, tlv.at + 4, information.system.address);
    put16(frame, tlv.at + 10, information.key);
    put16(frame, tlv.at + 12, information.port.priority);
    put16(frame, tlv.at + 14, information.port.number);
    put8(frame, tlv.at + 16, to_octet(information.state));
}

} // namespace

Frame encode(const Lacpdu &pdu, const MacAddress &source) {
    Frame frame{};
    put_slow_header(frame, source, kLacpSubtype);
    put_information(frame, kActor, pdu.actor);
    put_information(frame, kPartner, pdu.partner);
    put_tlv_head(frame, kCollector);
    put16(frame, kCollector.at + 2, pdu.collector_max_delay);
    return frame; // the Terminator is zeros
}

std::optional<Lacpdu> decode_lacpdu(std::span<const uint8_t> frame) {
    if (frame.size() < kFrameLength) return std::nullopt;
    for (const TlvPlace &tlv : {kActor, kPartner, kCollector}) {
        if (!is_in_place(frame, tlv)) return std::nullopt;
    }
    Lacpdu pdu;
    pdu.actor = get_information(frame, kActor.at);
    pdu.partner = get_information(frame, kPartner.at);
    pdu.collector_max_delay = get16(frame, kCollector.at + 2);
    return pdu;
}

} // namespace lagg::lacp
