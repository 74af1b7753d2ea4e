#include "control/api/route.hh"

namespace lagg::api {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string decoded(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high < 0 ? -1 : hex_digit(text[i + 2]);
        out += low < 0 ? text[i] : static_cast<char>(high * 16 + low);
        if (low >= 0) i += 2;
    }
    return out;
}

/// Decoded one by one, after the split: a slash that is part of a name divides nothing.
std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> words;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        words.push_back(decoded(path.substr(begin, end - begin)));
        begin = end + 1;
    }
    return words;
}

Route of_port(const std::string &lagg, const std::string &port, std::string_view word) {
    if (word == "lacp") return {Resource::PORT_LACP, lagg, port};
    if (word == "xstats") return {Resource::XSTATS, lagg, port};
    for (const PortSwitch &port_switch : kPortSwitches)
        if (word == port_switch.word) return {Resource::SWITCH, lagg, port, &port_switch};
    return {};
}

} // namespace

Route route_of(std::string_view path) {
    constexpr std::string_view kLaggs = "/v1/laggs";
    if (path == "/v1/status") return {Resource::STATUS, {}, {}};
    if (path == "/v1/reload") return {Resource::RELOAD, {}, {}};
    if (path == kLaggs) return {Resource::LAGGS, {}, {}};
    if (!path.starts_with(kLaggs) || path.size() < kLaggs.size() + 2 || path[kLaggs.size()] != '/')
        return {};
    const std::string_view rest = path.substr(kLaggs.size() + 1);
    const std::vector<std::string> words = split(rest);
    if (words.size() == 4 && words[1] == "ports" && !words[0].empty() && !words[2].empty())
        if (Route route = of_port(words[0], words[2], words[3]);
            route.resource != Resource::NOTHING)
            return route;
    if (words.size() == 2 && words[1] == "hash" && !words[0].empty())
        return {Resource::FLOW, words[0], {}};
    // Anything else is taken for a name, so that the answer can say which name was meant.
    return {Resource::LAGG, decoded(rest), {}};
}

bool is_read(Resource resource) {
    switch (resource) {
    case Resource::STATUS:
    case Resource::LAGGS:
    case Resource::LAGG:
    case Resource::PORT_LACP:
    case Resource::XSTATS: return true;
    case Resource::NOTHING:
    case Resource::FLOW:
    case Resource::RELOAD:
    case Resource::SWITCH: return false;
    }
    return false;
}

const std::vector<std::string> &known_paths() {
    static const std::vector<std::string> paths{"/v1/status", "/v1/laggs", "/v1/reload"};
    return paths;
}

} // namespace lagg::api
