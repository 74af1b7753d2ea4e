// Any bytes as a Marker PDU: a Marker is answered once with its own words, an answer never.
#include "lacp/bytes.hh"
#include "lacp/marker.hh"

#include "tests/fuzz/require.hh"

#include <algorithm>

namespace lagg::lacp {
namespace {

using fuzz::require;

constexpr size_t kTlvAt = 16;
constexpr size_t kInformationEnd = 30; ///< before the pad

void check_response(std::span<const uint8_t> frame, const MarkerPdu &pdu) {
    const std::optional<MarkerPdu> response = respond(pdu);
    require(response.has_value() != pdu.response, "a Marker is answered, a Response is not");
    if (!response) return;
    require(!respond(*response), "the answer to a Marker is not answered");
    const Frame answer = encode(*response, get_address(frame, 6));
    require(answer[kTlvAt] == 2, "the answer is a Response");
    require(std::equal(answer.begin() + kTlvAt + 1, answer.begin() + kInformationEnd,
                       frame.begin() + kTlvAt + 1),
            "the answer repeats requester and transaction");
    require(std::all_of(answer.begin() + kInformationEnd, answer.end(),
                        [](uint8_t octet) { return octet == 0; }),
            "pad, Terminator and what follows are zero");
}

void check(std::span<const uint8_t> frame) {
    const std::optional<MarkerPdu> pdu = decode_marker(frame);
    if (!pdu) return;
    require(frame.size() >= kFrameLength, "a short frame is no Marker PDU");
    const Frame again = encode(*pdu, get_address(frame, 6));
    require(classify(again) == SlowProtocol::MARKER, "what is encoded is a Marker PDU");
    require(decode_marker(again) == pdu, "decoding undoes encoding");
    require(
        std::equal(again.begin() + kTlvAt, again.begin() + kInformationEnd, frame.begin() + kTlvAt),
        "an encoded octet is the one that was decoded");
    require(decode_marker(frame.first(kFrameLength)) == pdu, "what follows is ignored");
    require(!decode_marker(frame.first(kFrameLength - 1)), "a truncated Marker PDU is refused");
    check_response(frame, *pdu);
}

} // namespace
} // namespace lagg::lacp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lagg::lacp::check({data, size});
    return 0;
}
