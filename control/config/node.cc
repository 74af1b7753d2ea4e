// Trees made by us, and compared.
#include "control/config/document.hh"

#include <algorithm>

namespace lagg::config {

namespace {

bool same_entries(const Node &a, const Node &b) {
    if (a.entries.size() != b.entries.size()) return false;
    return std::ranges::all_of(a.entries, [&](const Entry &entry) {
        const Node *other = find_entry(b, entry.key);
        return other != nullptr && same_value(entry.value, *other);
    });
}

} // namespace

Node node_of(bool value) {
    Node node;
    node.kind = Node::Kind::BOOLEAN;
    node.boolean = value;
    return node;
}

Node node_of(int64_t value) {
    Node node;
    node.kind = Node::Kind::INTEGER;
    node.integer = value;
    return node;
}

Node node_of(std::string value) {
    Node node;
    node.kind = Node::Kind::STRING;
    node.text = std::move(value);
    return node;
}

Node node_of(std::vector<Node> items) {
    Node node;
    node.kind = Node::Kind::ARRAY;
    node.items = std::move(items);
    return node;
}

Node node_of_texts(const std::vector<std::string> &texts) {
    std::vector<Node> items;
    for (const std::string &text : texts)
        items.push_back(node_of(text));
    return node_of(std::move(items));
}

bool same_value(const Node &a, const Node &b) {
    return a.kind == b.kind && a.boolean == b.boolean && a.integer == b.integer &&
           a.text == b.text && std::ranges::equal(a.items, b.items, same_value) &&
           same_entries(a, b);
}

const Node *find_entry(const Node &table, std::string_view key) {
    const auto found = std::ranges::find(table.entries, key, &Entry::key);
    return found == table.entries.end() ? nullptr : &found->value;
}

} // namespace lagg::config
