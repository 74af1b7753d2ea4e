#include "dataplane/base/mac_address.hh"

namespace lagg {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

} // namespace

std::string to_string(const MacAddress &address) {
    std::string text;
    text.reserve(17);
    for (uint8_t octet : address) {
        if (!text.empty()) text += ':';
        text += kDigits[octet >> 4];
        text += kDigits[octet & 15];
    }
    return text;
}

std::optional<MacAddress> parse_mac_address(std::string_view text) {
    if (text.size() != 17) return std::nullopt;
    const char separator = text[2];
    if (separator != ':' && separator != '-') return std::nullopt;
    MacAddress address{};
    for (size_t i = 0; i < address.size(); ++i) {
        if (i > 0 && text[3 * i - 1] != separator) return std::nullopt;
        const int high = digit_value(text[3 * i]);
        const int low = digit_value(text[3 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        address[i] = static_cast<uint8_t>(high << 4 | low);
    }
    return address;
}

} // namespace lagg
