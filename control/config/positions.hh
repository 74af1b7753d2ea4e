// Where in the file each value stands. Beside the Config, whose equality is one of meaning, and
// which may come from somewhere else than a file.
#pragma once

#include "control/config/config.hh"
#include "control/config/mistake.hh"

#include <map>
#include <string>
#include <string_view>

namespace lagg::config {

/// Places by path: "daemon.memory", "port[2].device", "lagg[0].lacp.max_links",
/// "lagg[1].rules[3].filter"; "daemon" and "lagg[0]" are those of the headers. Numbers are places
/// in the vectors of Config. What the file does not have has no place.
class Positions {
  public:
    void put(std::string path, Position at) { places_.insert_or_assign(std::move(path), at); }
    bool has(const std::string &path) const { return places_.contains(path); }
    /// Line 0 where there is no place.
    Position of(const std::string &path) const;
    /// The place of the nearest that the file has: the value's, or that of the table around it.
    Position near(std::string path) const;
    bool empty() const { return places_.empty(); }

  private:
    std::map<std::string, Position> places_;
};

/// "ports[3]" of `path` "ports".
std::string item_path(std::string_view path, size_t index);

/// Paths of the tables of that name, which must be there: "port[2]", "lagg[0]".
std::string port_path(const Config &config, std::string_view name);
std::string lagg_path(const Config &config, std::string_view name);

} // namespace lagg::config
