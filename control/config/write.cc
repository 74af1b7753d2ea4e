// A tree as text again: TOML as an operator would write it, and JSON.
#include "control/config/document.hh"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lagg::config {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Node &node) {
    switch (node.kind) {
    case Node::Kind::BOOLEAN: return node.boolean;
    case Node::Kind::INTEGER: return node.integer;
    case Node::Kind::FLOAT:
    case Node::Kind::DATE:
    case Node::Kind::STRING: return node.text;
    case Node::Kind::ARRAY: {
        Json array = Json::array();
        for (const Node &item : node.items)
            array.push_back(json_of(item));
        return array;
    }
    case Node::Kind::TABLE: break;
    }
    Json object = Json::object();
    for (const Entry &entry : node.entries)
        object[entry.key] = json_of(entry.value);
    return object;
}

/// Quoted as in JSON, of which TOML takes every escape; only DEL must be one there.
std::string quoted(const std::string &text) {
    std::string out;
    for (const char c : Json(text).dump())
        out += c == '\x7f' ? "\\u007F" : std::string(1, c);
    return out;
}

template <typename Items, typename Write>
std::string joined(const Items &items, const Write &write) {
    std::string out;
    for (const auto &item : items)
        out += (out.empty() ? "" : ", ") + write(item);
    return out;
}

} // namespace

std::string inline_toml(const Node &node) {
    switch (node.kind) {
    case Node::Kind::BOOLEAN: return node.boolean ? "true" : "false";
    case Node::Kind::INTEGER: return std::to_string(node.integer);
    case Node::Kind::FLOAT:
    case Node::Kind::DATE: return node.text;
    case Node::Kind::STRING: return quoted(node.text);
    case Node::Kind::ARRAY: return "[" + joined(node.items, inline_toml) + "]";
    case Node::Kind::TABLE: break;
    }
    if (node.entries.empty()) return "{}";
    return "{ " +
           joined(node.entries,
                  [](const Entry &entry) { return entry.key + " = " + inline_toml(entry.value); }) +
           " }";
}

namespace {

std::string table_toml(const std::string &header, const Node &table) {
    std::string out = "\n" + header + "\n";
    for (const Entry &entry : table.entries)
        out += entry.key + " = " + inline_toml(entry.value) + "\n";
    return out;
}

bool is_list_of_tables(const Node &node) {
    return node.kind == Node::Kind::ARRAY && !node.items.empty() &&
           std::ranges::all_of(node.items,
                               [](const Node &item) { return item.kind == Node::Kind::TABLE; });
}

} // namespace

std::string to_toml(const Node &document) {
    std::string values;
    std::string tables;
    for (const auto &[key, at, value] : document.entries) {
        if (value.kind == Node::Kind::TABLE) {
            tables += table_toml("[" + key + "]", value);
        } else if (is_list_of_tables(value)) {
            for (const Node &item : value.items)
                tables += table_toml("[[" + key + "]]", item);
        } else if (value.kind != Node::Kind::ARRAY || !value.items.empty()) {
            values += key + " = " + inline_toml(value) + "\n";
        }
    }
    const std::string text = values + tables;
    return text.starts_with('\n') ? text.substr(1) : text;
}

std::string to_json(const Node &node) {
    return json_of(node).dump();
}

} // namespace lagg::config
