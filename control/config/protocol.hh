// The protocols of a lagg: a row says all in which one differs from the others, and whoever asks
// names a property. Only LACP is named elsewhere, where its machines run or are looked at.
#pragma once

#include "dataplane/base/mode.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace lagg::config {

/// UNKNOWN is what a client makes of another version's word; a configuration never has it.
enum class Protocol : uint8_t { UNKNOWN, LACP, FAILOVER, LOADBALANCE, ROUNDROBIN, BROADCAST, NONE };

/// Ports that carry the lagg's traffic.
enum class Carriers : uint8_t {
    NOBODY,
    FIRST,      ///< the first that can; the others stand by, receive with rx_all only, and count
                ///< for min_links
    ALL,        ///< all that can send, and all receive
    NEGOTIATED, ///< as agreed with the partner
};

struct ProtocolTraits {
    Protocol protocol;
    const char *word; ///< in files, in JSON and in the log
    Mode mode;
    Carriers carriers;
    /// Format of what distributes, from {policy}, {seed} and {stride}.
    std::string_view distributes;
    /// Format of where a flow goes, from {ports}, {stride} and {buckets}.
    std::string_view flow;
};

inline constexpr std::string_view kHashDistributes = "{policy}, seed 0x{seed:08x}";
inline constexpr std::string_view kHashFlow =
    "the hash chooses one of {buckets} buckets, and buckets lead to {ports}";

/// In the order of the enumeration.
inline constexpr ProtocolTraits kProtocolTable[] = {
    {Protocol::UNKNOWN, "", Mode::NONE, Carriers::NOBODY, "none", "nobody knows"},
    {Protocol::LACP, "lacp", Mode::HASH, Carriers::NEGOTIATED, kHashDistributes, kHashFlow},
    {Protocol::FAILOVER, "failover", Mode::FAILOVER, Carriers::FIRST, "the first port that is up",
     "every frame goes to {ports}, the first of its ports that works"},
    {Protocol::LOADBALANCE, "loadbalance", Mode::HASH, Carriers::ALL, kHashDistributes, kHashFlow},
    {Protocol::ROUNDROBIN, "roundrobin", Mode::ROUND_ROBIN, Carriers::ALL,
     "round robin, {stride} packets in a row",
     "packets take turns over {ports}, {stride} in a row, whatever flow they are of"},
    {Protocol::BROADCAST, "broadcast", Mode::BROADCAST, Carriers::ALL, "every port",
     "a copy of every frame goes to each of {ports}"},
    {Protocol::NONE, "none", Mode::NONE, Carriers::NOBODY, "none",
     "no traffic passes a lagg of protocol none"}};

constexpr const ProtocolTraits &traits_of(Protocol protocol) {
    return kProtocolTable[static_cast<size_t>(protocol)];
}

static_assert([] {
    for (size_t i = 0; i < std::size(kProtocolTable); ++i)
        if (kProtocolTable[i].protocol != static_cast<Protocol>(i)) return false;
    return true;
}());

/// True where buckets say which port a frame takes.
constexpr bool uses_hash(Protocol protocol) {
    return traits_of(protocol).mode == Mode::HASH;
}

} // namespace lagg::config
