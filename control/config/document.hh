// A TOML document as a plain tree with positions, which keeps the TOML library out of the schema.
#pragma once

#include "control/config/mistake.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lagg::config {

struct Entry;

struct Node {
    enum class Kind { BOOLEAN, INTEGER, FLOAT, STRING, DATE, ARRAY, TABLE };

    Kind kind = Kind::TABLE;
    Position at; ///< of the value; of a [table], its header
    bool boolean = false;
    int64_t integer = 0;
    std::string text;           ///< of a STRING its value; of a FLOAT or a DATE how it is written
    std::vector<Node> items;    ///< of an ARRAY
    std::vector<Entry> entries; ///< of a TABLE, sorted by key
};

struct Entry {
    std::string key;
    Position key_at;
    Node value;
};

/// For messages: `the string "9000"`, `the integer 3`, `an array`.
std::string describe(const Node &node);

/// The document's outermost table, or the one syntax error that ended the parsing.
std::variant<Node, Mistake> parse_document(std::string_view text, const std::string &name);

} // namespace lagg::config
