// Any bytes as an LACPDU. Decoding reads nothing outside, depends on nothing the standard says to
// ignore, and loses nothing of what it keeps.
#include "lacp/bytes.hh"
#include "lacp/lacpdu.hh"

#include "tests/fuzz/require.hh"

#include <algorithm>
#include <array>

namespace lagg::lacp {
namespace {

using fuzz::require;

constexpr size_t kTlvsEnd = 72; ///< of the three TLVs of version 1
/// Places in the first three TLVs that the standard reserves.
constexpr std::array<size_t, 18> kReserved{33, 34, 35, 53, 54, 55, 60, 61, 62,
                                           63, 64, 65, 66, 67, 68, 69, 70, 71};

/// 0xff where an octet of the three TLVs means something.
constexpr std::array<uint8_t, kTlvsEnd> kMeaning = [] {
    std::array<uint8_t, kTlvsEnd> mask{};
    mask.fill(0xff);
    for (const size_t place : kReserved)
        mask[place] = 0;
    return mask;
}();

/// A decoded frame that is written anew has the same octets wherever they mean something.
void check_octets(std::span<const uint8_t> frame, const Frame &again) {
    for (size_t place = 16; place < kTlvsEnd; ++place) {
        require(again[place] == (frame[place] & kMeaning[place]),
                "an encoded octet is the one that was decoded, and zero where it is reserved");
    }
    for (size_t place = kTlvsEnd; place < kFrameLength; ++place) {
        require(again[place] == 0, "the Terminator and what follows are zero");
    }
}

/// Version, reserved octets, later TLVs and everything after an LACPDU's length are ignored.
void check_ignored(std::span<const uint8_t> frame, const Lacpdu &pdu) {
    Frame bare;
    std::copy_n(frame.begin(), kFrameLength, bare.begin());
    require(decode_lacpdu(bare) == pdu, "a longer frame says what its first 124 octets say");
    bare[15] = static_cast<uint8_t>(~bare[15]);
    for (const size_t place : kReserved)
        bare[place] = static_cast<uint8_t>(~bare[place]);
    for (size_t place = kTlvsEnd; place < kFrameLength; ++place)
        bare[place] = static_cast<uint8_t>(~bare[place]);
    require(decode_lacpdu(bare) == pdu, "version, reserved octets and later TLVs are ignored");
    require(!decode_lacpdu(frame.first(kFrameLength - 1)), "a truncated LACPDU is refused");
}

void check(std::span<const uint8_t> frame) {
    const std::optional<Lacpdu> pdu = decode_lacpdu(frame);
    if (!pdu) return;
    require(frame.size() >= kFrameLength, "a short frame is no LACPDU");
    const MacAddress source = get_address(frame, 6);
    const Frame again = encode(*pdu, source);
    require(classify(again) == SlowProtocol::LACP, "what is encoded is an LACPDU");
    require(decode_lacpdu(again) == pdu, "decoding undoes encoding");
    require(get_address(again, 6) == source, "the source address is the given one");
    check_octets(frame, again);
    check_ignored(frame, *pdu);
}

} // namespace
} // namespace lagg::lacp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    using namespace lagg::lacp;
    const std::span<const uint8_t> frame(data, size);
    const SlowProtocol protocol = classify(frame);
    lagg::fuzz::require(size >= 15 || protocol == SlowProtocol::ILLEGAL, "no subtype, no protocol");
    check(frame);
    return 0;
}
