// A document as a plain tree with positions, which keeps the libraries of TOML and JSON out of the
// schema.
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
    std::vector<Entry> entries; ///< of a TABLE
};

struct Entry {
    std::string key;
    Position key_at;
    Node value;
};

Node node_of(bool value);
Node node_of(int64_t value);
Node node_of(std::string value);
/// An ARRAY.
Node node_of(std::vector<Node> items);
Node node_of_texts(const std::vector<std::string> &texts);

/// Whether both are the same value, wherever they stand. The order of keys means nothing.
bool same_value(const Node &a, const Node &b);
/// The value of a key of a TABLE; null where there is none.
const Node *find_entry(const Node &table, std::string_view key);

/// For messages: `the string "9000"`, `the integer 3`, `an array`.
std::string describe(const Node &node);

/// The document's outermost table, or the one syntax error that ended the parsing.
std::variant<Node, Mistake> parse_document(std::string_view text, const std::string &name);

/// The same of JSON, whose values have no positions. What is null is absent.
std::variant<Node, Mistake> parse_json(std::string_view text, const std::string &name);

/// A TABLE as a file: its values, then each table under its header. Tables within these are written
/// inline.
std::string to_toml(const Node &document);
/// A value as it stands behind a key.
std::string inline_toml(const Node &node);
/// In one line.
std::string to_json(const Node &node);

} // namespace lagg::config
