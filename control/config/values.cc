// Lists of cores, MAC addresses and names.
#include "control/config/values.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <charconv>
#include <optional>

namespace lagg::config {

namespace {

std::optional<unsigned> parse_number(std::string_view text) {
    unsigned number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

} // namespace

Result<std::vector<unsigned>> parse_cores(std::string_view text) {
    const std::string subject = "'workers' of [daemon] is " + in_quotes(text);
    std::vector<unsigned> cores;
    std::string_view rest = text;
    while (true) {
        const size_t end = rest.find(',');
        const std::string_view range = trimmed(rest.substr(0, end));
        const size_t dash = range.find('-');
        const auto first = parse_number(trimmed(range.substr(0, dash)));
        const auto last =
            dash == std::string_view::npos ? first : parse_number(trimmed(range.substr(dash + 1)));
        if (!first || !last) {
            return Error{subject + "; it must be \"auto\" or cores such as \"2-5\" or \"2,4,6\""};
        }
        if (*first > *last) {
            return Error{subject + ", but the range " + in_quotes(range) + " runs backwards"};
        }
        if (*last >= kMaxCores) {
            return Error{subject + ", but cores are numbered 0 to " +
                         std::to_string(kMaxCores - 1)};
        }
        for (unsigned core = *first; core <= *last; ++core) {
            if (std::find(cores.begin(), cores.end(), core) != cores.end()) {
                return Error{subject + ", which names core " + std::to_string(core) +
                             " twice; each core runs one worker"};
            }
            cores.push_back(core);
        }
        if (end == std::string_view::npos) return cores;
        rest.remove_prefix(end + 1);
    }
}

Result<MacAddress> parse_unicast_mac(std::string_view text, const std::string &subject) {
    const std::string opening = subject + " is " + in_quotes(text) + ", which is ";
    const auto mac = parse_mac_address(text);
    if (!mac) {
        return Error{opening + "not a MAC address; write six octets such as "
                               "\"02:00:5e:10:00:01\""};
    }
    if (is_group(*mac)) {
        return Error{opening + "a group address; the first octet of an interface's own address "
                               "is even"};
    }
    if (*mac == MacAddress{}) {
        return Error{opening + "all zero; give a real address or leave the key out"};
    }
    return *mac;
}

bool is_port_name(std::string_view name) {
    constexpr size_t kLongest = 31;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (name.empty() || name.size() > kLongest || !letter(name.front())) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    });
}

bool is_lagg_name(std::string_view name) {
    constexpr unsigned kLast = 4095;
    if (name.substr(0, 4) != "lagg") return false;
    const std::string_view digits = name.substr(4);
    const auto number = parse_number(digits);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    return number && *number <= kLast && !leading_zero;
}

std::string called_lagg(std::string_view name) {
    if (name.empty()) return "this [[lagg]]";
    return is_lagg_name(name) ? std::string(name) : in_quotes(name);
}

} // namespace lagg::config
