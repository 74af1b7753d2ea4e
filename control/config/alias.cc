// Addresses of an interface, in and out of text.
#include "control/config/values.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <optional>

namespace lagg::config {

namespace {

/// Why an address cannot be one of a host's, or null.
const char *unfit_v4(const Alias &alias) {
    const uint8_t first = alias.address[0];
    if (first == 0) return "in the reserved network 0.0.0.0/8";
    if (first == 127) return "a loopback address";
    if (first >= 224 && first <= 239) return "a multicast address";
    const bool broadcast = std::all_of(alias.address.begin(), alias.address.begin() + 4,
                                       [](uint8_t octet) { return octet == 255; });
    return broadcast ? "the broadcast address" : nullptr;
}

const char *unfit_v6(const Alias &alias) {
    if (alias.address[0] == 0xff) return "a multicast address";
    const bool leading_zeros = std::all_of(alias.address.begin(), alias.address.end() - 1,
                                           [](uint8_t octet) { return octet == 0; });
    if (!leading_zeros) return nullptr;
    if (alias.address[15] == 0) return "the unspecified address";
    return alias.address[15] == 1 ? "the loopback address" : nullptr;
}

/// 1 to `most`, digits only, no leading zero.
std::optional<uint8_t> parse_prefix_length(std::string_view text, unsigned most) {
    unsigned length = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
    const bool whole = error == std::errc{} && end == text.data() + text.size();
    if (!whole || text.front() == '0' || length > most) return std::nullopt;
    return static_cast<uint8_t>(length);
}

} // namespace

std::string to_string(const Alias &alias) {
    char text[INET6_ADDRSTRLEN] = {};
    inet_ntop(alias.v6 ? AF_INET6 : AF_INET, alias.address.data(), text, sizeof text);
    return std::string(text) + "/" + std::to_string(alias.prefix_length);
}

Result<Alias> parse_alias(std::string_view text) {
    const size_t slash = text.find('/');
    const std::string host(text.substr(0, slash));
    const std::string subject = "alias " + in_quotes(text);

    Alias alias;
    alias.v6 = host.find(':') != std::string::npos;
    // inet_pton() would stop at a NUL octet, which a TOML string may contain.
    const bool address =
        host.find('\0') == std::string::npos &&
        inet_pton(alias.v6 ? AF_INET6 : AF_INET, host.c_str(), alias.address.data()) == 1;
    if (!address) {
        return Error{subject + " is not an IPv4 or IPv6 address with a prefix length, such as " +
                     "\"192.0.2.1/24\" or \"2001:db8::1/64\""};
    }
    if (slash == std::string_view::npos) {
        return Error{subject + " has no prefix length; write it behind a slash, such as " +
                     in_quotes(host + (alias.v6 ? "/64" : "/24"))};
    }
    const unsigned most = alias.v6 ? 128 : 32;
    const std::string_view prefix = text.substr(slash + 1);
    const auto length = parse_prefix_length(prefix, most);
    if (!length) {
        return Error{subject + " has the prefix length " + in_quotes(prefix) + "; for " +
                     (alias.v6 ? "IPv6" : "IPv4") + " it is a number from 1 to " +
                     std::to_string(most)};
    }
    alias.prefix_length = *length;
    if (const char *unfit = alias.v6 ? unfit_v6(alias) : unfit_v4(alias)) {
        return Error{subject + " is " + unfit + "; an interface needs a host's own address"};
    }
    return alias;
}

} // namespace lagg::config
