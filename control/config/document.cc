// The one file that knows toml++.
#include "control/config/document.hh"

#include "control/config/syntax_hint.hh"
#include "dataplane/base/wording.hh"

#include <toml++/toml.h>

#include <sstream>

namespace lagg::config {

namespace {

Position position_of(const toml::source_region &region) {
    return {region.begin.line, region.begin.column};
}

template <typename Value> std::string written(const Value &value) {
    std::ostringstream stream;
    stream << value;
    return stream.str();
}

Node convert(const toml::node &from);

void convert_table(const toml::table &from, Node &to) {
    to.kind = Node::Kind::TABLE;
    for (const auto &[key, value] : from) {
        to.entries.push_back({std::string(key.str()), position_of(key.source()), convert(value)});
    }
}

void convert_array(const toml::array &from, Node &to) {
    to.kind = Node::Kind::ARRAY;
    for (const toml::node &item : from)
        to.items.push_back(convert(item));
}

Node convert(const toml::node &from) {
    Node to;
    to.at = position_of(from.source());
    if (const auto *table = from.as_table()) {
        convert_table(*table, to);
    } else if (const auto *array = from.as_array()) {
        convert_array(*array, to);
    } else if (const auto *text = from.as_string()) {
        to.kind = Node::Kind::STRING;
        to.text = text->get();
    } else if (const auto *integer = from.as_integer()) {
        to.kind = Node::Kind::INTEGER;
        to.integer = integer->get();
    } else if (const auto *boolean = from.as_boolean()) {
        to.kind = Node::Kind::BOOLEAN;
        to.boolean = boolean->get();
    } else if (const auto *number = from.as_floating_point()) {
        to.kind = Node::Kind::FLOAT;
        to.text = written(*number);
    } else {
        to.kind = Node::Kind::DATE;
        if (const auto *date = from.as_date()) to.text = written(*date);
        if (const auto *time = from.as_time()) to.text = written(*time);
        if (const auto *date_time = from.as_date_time()) to.text = written(*date_time);
    }
    return to;
}

/// toml++ says "Error while parsing array: expected ..., saw '\n'".
std::string plain(std::string description) {
    const std::string opening = "Error while parsing ";
    const std::string line_end = "'\\n'";
    if (const size_t at = description.find(line_end); at != std::string::npos) {
        description.replace(at, line_end.size(), "the end of the line");
    }
    if (description.substr(0, opening.size()) == opening) {
        return "syntax error in " + description.substr(opening.size());
    }
    if (description.substr(0, 11) == "Encountered") description[0] = 'e';
    return "syntax error: " + description;
}

} // namespace

std::string describe(const Node &node) {
    switch (node.kind) {
    case Node::Kind::BOOLEAN: return node.boolean ? "the boolean true" : "the boolean false";
    case Node::Kind::INTEGER: return "the integer " + std::to_string(node.integer);
    case Node::Kind::FLOAT: return "the fraction " + node.text;
    case Node::Kind::STRING: return "the string " + in_quotes(node.text);
    case Node::Kind::DATE: return "the date or time " + node.text;
    case Node::Kind::ARRAY: return "an array";
    case Node::Kind::TABLE: return "a table";
    }
    return {};
}

std::variant<Node, Mistake> parse_document(std::string_view text, const std::string &name) {
    // Debian's library is built with exceptions; they end here.
    try {
        return convert(toml::parse(text, std::string_view(name)));
    } catch (const toml::parse_error &error) {
        const Position at = position_of(error.source());
        const std::string_view description = error.description();
        return Mistake{name, at.line, at.column,
                       plain(std::string(description)) + syntax_hint(text, at, description)};
    }
}

} // namespace lagg::config
