// Text to Config: parsing, the schema, and every rule that needs no device to check.
#pragma once

#include "control/config/config.hh"
#include "control/config/mistake.hh"

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lagg::config {

using Loaded = std::variant<Config, Mistakes>;

/// Where in the file things stand, for checks that need the devices themselves, or DPDK, and so
/// are made elsewhere. Not part of Config, whose equality is one of meaning.
struct Positions {
    std::map<std::string, Position> port_device; ///< by port name: the value of its `device`
    std::map<std::string, Position> lagg;        ///< by lagg name: the value of its `name`
    std::map<std::string, Position> hash_bpf;    ///< by lagg name: the value of its `hash.bpf`
    std::map<std::string, Position> daemon;      ///< by key of [daemon]; by "" its header
    /// By lagg name: the filter of each of its rules.
    std::map<std::string, std::vector<Position>> filters;
};

/// Parses a TOML document. `name` is used in messages. `positions`, when given, is filled if and
/// only if the document has no mistake.
Loaded parse(std::string_view text, const std::string &name, Positions *positions = nullptr);

/// Reads and parses a regular file of at most 4 MiB.
Loaded load(const std::string &path, Positions *positions = nullptr);

} // namespace lagg::config
