#include "control/config/positions.hh"

#include <algorithm>
#include <cassert>

namespace lagg::config {

namespace {

template <typename Thing>
std::string path_in(const char *table, const std::vector<Thing> &things, std::string_view name) {
    const auto found = std::ranges::find(things, name, &Thing::name);
    assert(found != things.end());
    return item_path(table, static_cast<size_t>(found - things.begin()));
}

} // namespace

Position Positions::of(const std::string &path) const {
    const auto found = places_.find(path);
    return found == places_.end() ? Position{} : found->second;
}

Position Positions::near(std::string path) const {
    while (!has(path)) {
        const size_t end = path.find_last_of(".[");
        if (end == std::string::npos) return {};
        path.erase(end);
    }
    return of(path);
}

std::string item_path(std::string_view path, size_t index) {
    return std::string(path) + "[" + std::to_string(index) + "]";
}

std::string port_path(const Config &config, std::string_view name) {
    return path_in("port", config.ports, name);
}

std::string lagg_path(const Config &config, std::string_view name) {
    return path_in("lagg", config.laggs, name);
}

} // namespace lagg::config
