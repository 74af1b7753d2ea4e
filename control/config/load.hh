// Text to Config and back: parsing, the keys, and every rule that needs no device to check.
#pragma once

#include "control/config/config.hh"
#include "control/config/mistake.hh"
#include "control/config/positions.hh"

#include <string>
#include <string_view>
#include <variant>

namespace lagg::config {

using Loaded = std::variant<Config, Mistakes>;

/// Parses a TOML document. `name` is used in messages. `positions`, when given, is filled if and
/// only if the document has no mistake: for checks that need the devices themselves, or DPDK, and
/// so are made elsewhere.
Loaded parse(std::string_view text, const std::string &name, Positions *positions = nullptr);

/// The same of JSON, which has the same keys; its mistakes have no line.
Loaded parse_json_config(std::string_view text, const std::string &name);

/// Reads and parses a regular file of at most 4 MiB.
Loaded load(const std::string &path, Positions *positions = nullptr);

/// A document that parse() makes the same Config of; what has its default is left out.
std::string to_toml(const Config &config);
/// The same as JSON, with defaults.
std::string to_json(const Config &config);

} // namespace lagg::config
