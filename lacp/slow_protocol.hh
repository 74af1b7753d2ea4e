// What all Slow Protocols share (802.3 Annex 57A): the destination, the ethertype, the subtypes.
#pragma once

#include "lacp/events.hh"
#include "lacp/types.hh"

#include <span>

namespace lagg::lacp {

inline constexpr MacAddress kSlowProtocolsAddress{0x01, 0x80, 0xc2, 0x00, 0x00, 0x02};
inline constexpr uint16_t kSlowProtocolsType = 0x8809;
inline constexpr uint8_t kLacpSubtype = 1;
inline constexpr uint8_t kMarkerSubtype = 2;
inline constexpr uint8_t kHighestSubtype = 10;

using Frame = std::array<uint8_t, kFrameLength>;

enum class SlowProtocol {
    LACP,
    MARKER,
    UNKNOWN, ///< somebody else's: OAM, ESMC, a tagged or unicast frame
    ILLEGAL, ///< no subtype at all, or one outside 1-10
};

/// Which protocol a frame belongs to. `frame` starts at the destination address.
SlowProtocol classify(std::span<const uint8_t> frame);

/// Writes the 16 octets up to and including the version.
void put_slow_header(Frame &frame, const MacAddress &source, uint8_t subtype);

} // namespace lagg::lacp
