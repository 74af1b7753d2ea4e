// Ethernet addresses as plain bytes, with their text form.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lagg {

/// Six octets in transmission order. The same type as lacp::MacAddress.
using MacAddress = std::array<uint8_t, 6>;

/// "02:00:5e:10:00:01", lower case, colons.
std::string to_string(const MacAddress &address);

/// Accepts six two-digit hexadecimal octets separated by ':' or by '-' (one kind only).
std::optional<MacAddress> parse_mac_address(std::string_view text);

/// A group (multicast or broadcast) address has the low bit of its first octet set.
constexpr bool is_group(const MacAddress &address) {
    return (address[0] & 1) != 0;
}

} // namespace lagg
