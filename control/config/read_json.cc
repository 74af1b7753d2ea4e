// JSON to the tree that TOML becomes too, so that one reader serves both, with the same messages.
#include "control/config/document.hh"

#include <nlohmann/json.hpp>

#include <limits>

namespace lagg::config {

namespace {

using JsonValue = nlohmann::json;

Node number(const JsonValue &json) {
    // What does not fit is out of every range, and the message should show it.
    const bool fits = json.is_number_integer() &&
                      (!json.is_number_unsigned() ||
                       json.get<uint64_t>() <= uint64_t{std::numeric_limits<int64_t>::max()});
    if (fits) return node_of(json.get<int64_t>());
    Node node;
    node.kind = Node::Kind::FLOAT;
    node.text = json.dump();
    return node;
}

Node convert(const JsonValue &json) {
    if (json.is_boolean()) return node_of(json.get<bool>());
    if (json.is_string()) return node_of(json.get<std::string>());
    if (json.is_number()) return number(json);
    if (json.is_array()) {
        std::vector<Node> items;
        for (const JsonValue &item : json)
            items.push_back(convert(item));
        return node_of(std::move(items));
    }
    Node table;
    for (const auto &[key, value] : json.items())
        if (!value.is_null()) table.entries.push_back({.key = key, .value = convert(value)});
    return table;
}

} // namespace

std::variant<Node, Mistake> parse_json(std::string_view text, const std::string &name) {
    try {
        const JsonValue json = JsonValue::parse(text);
        if (!json.is_object()) return Mistake{name, 0, 0, "must be a JSON object"};
        return convert(json);
    } catch (const JsonValue::exception &error) {
        return Mistake{name, 0, 0, std::string("is not JSON: ") + error.what()};
    }
}

} // namespace lagg::config
