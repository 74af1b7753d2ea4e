// Text to Config: parsing, the schema, and every rule that needs no device to check.
#pragma once

#include "control/config/config.hh"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lagg::config {

/// One mistake, for the operator.
struct Mistake {
    std::string file;
    unsigned line = 0;   ///< from 1; 0 when the file itself cannot be read
    unsigned column = 0; ///< from 1
    /// What is wrong, with the offending value, and what is allowed.
    std::string message;
};
/// "FILE:LINE:COLUMN: message".
std::string to_string(const Mistake &mistake);

/// Every mistake found, in file order; never empty.
struct Mistakes {
    std::vector<Mistake> list;
};

using Loaded = std::variant<Config, Mistakes>;

/// Parses a TOML document. `name` is used in messages.
Loaded parse(std::string_view text, const std::string &name);

/// Reads and parses a file.
Loaded load(const std::string &path);

} // namespace lagg::config
