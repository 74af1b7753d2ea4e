// Types, ranges, words and unknown keys of one table.
#include "control/config/table_reader.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>
#include <cassert>

namespace lagg::config {

TableReader::TableReader(const Node &table, Called called, Reading &reading)
    : table_(table), called_(std::move(called)), reading_(reading) {
    assert(table.kind == Node::Kind::TABLE);
}

TableReader TableReader::within(const Node &table, std::string_view key) const {
    const std::string name(key);
    if (called_.owner.empty()) {
        const std::string header = "[" + name + "]";
        return {table, {"in " + header, header, "", name}, reading_};
    }
    const std::string path = called_.path + name;
    return {table,
            {"in '" + path + "' of " + called_.owner, called_.owner, path + ".", place_of(name)},
            reading_};
}

const Node *TableReader::value_of(std::string_view key) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
    const Node *value = find_entry(table_, key);
    if (value != nullptr) note(key, value->at);
    return value;
}

std::optional<PlacedText> TableReader::text(std::string_view key) {
    const Node *value = value_of(key);
    if (!value) return std::nullopt;
    if (value->kind == Node::Kind::STRING) return PlacedText{value->text, value->at};
    wrong_type(key, "a string", *value);
    return std::nullopt;
}

std::optional<bool> TableReader::boolean(std::string_view key) {
    const Node *value = value_of(key);
    if (!value) return std::nullopt;
    if (value->kind == Node::Kind::BOOLEAN) return value->boolean;
    wrong_type(key, "true or false", *value);
    return std::nullopt;
}

std::optional<int64_t> TableReader::integer(std::string_view key, int64_t least, int64_t most) {
    const Node *value = value_of(key);
    if (!value) return std::nullopt;
    if (value->kind != Node::Kind::INTEGER) {
        wrong_type(key, "an integer", *value);
        return std::nullopt;
    }
    if (value->integer < least || value->integer > most) {
        complain(value->at, subject(key) + " is " + std::to_string(value->integer) +
                                ", which is out of range; allowed is " + std::to_string(least) +
                                " to " + std::to_string(most));
        return std::nullopt;
    }
    return value->integer;
}

std::optional<size_t> TableReader::word_index(std::string_view key,
                                              const std::vector<std::string> &words) {
    const auto value = text(key);
    if (!value) return std::nullopt;
    const auto found = std::find(words.begin(), words.end(), lower_case(value->text));
    if (found != words.end()) return static_cast<size_t>(found - words.begin());
    wrong_word(key, *value, words);
    return std::nullopt;
}

std::optional<std::vector<PlacedText>> TableReader::texts(std::string_view key,
                                                          const char *example) {
    const Node *value = value_of(key);
    if (!value) return std::nullopt;
    if (value->kind != Node::Kind::ARRAY) {
        const std::string wanted = std::string("an array of strings such as ") + example;
        wrong_type(key, wanted.c_str(), *value);
        return std::nullopt;
    }
    std::vector<PlacedText> found;
    for (const Node &item : value->items) {
        if (item.kind == Node::Kind::STRING) {
            note(item_path(key, found.size()), item.at);
            found.push_back({item.text, item.at});
        } else {
            complain(item.at, subject(key) + " must hold strings only, such as " + example +
                                  ", not " + describe(item));
        }
    }
    return found;
}

std::vector<const Node *> TableReader::tables(std::string_view key) {
    const Node *value = value_of(key);
    std::vector<const Node *> found;
    if (!value) return found;
    const std::string header = "[[" + std::string(key) + "]]";
    if (value->kind != Node::Kind::ARRAY) {
        complain(value->at, "'" + std::string(key) + "' is written " + header +
                                ", with double brackets, once for each " + std::string(key));
        return found;
    }
    for (const Node &item : value->items) {
        if (item.kind == Node::Kind::TABLE) {
            found.push_back(&item);
        } else {
            complain(item.at, header + " must be a table, not " + describe(item));
        }
    }
    return found;
}

const Node *TableReader::table(std::string_view key) {
    const Node *value = value_of(key);
    if (!value || value->kind == Node::Kind::TABLE) return value;
    const bool repeated = value->kind == Node::Kind::ARRAY && !value->items.empty() &&
                          value->items.front().kind == Node::Kind::TABLE;
    if (repeated) {
        complain(value->at, subject(key) + " can be given once; its header has single brackets");
    } else {
        wrong_type(key, "a table", *value);
    }
    return nullptr;
}

void TableReader::wrong_type(std::string_view key, const char *wanted, const Node &value) {
    complain(value.at, subject(key) + " must be " + wanted + ", not " + describe(value));
}

void TableReader::wrong_word(std::string_view key, const PlacedText &value,
                             const std::vector<std::string> &allowed) {
    std::string message =
        subject(key) + " is " + in_quotes(value.text) + ", which is not one of " + listed(allowed);
    if (const auto word = nearest(value.text, allowed)) {
        message += "; did you mean " + in_quotes(*word) + "?";
    }
    complain(value.at, std::move(message));
}

void TableReader::complain(Position at, std::string message) {
    reading_.complaints.add(at, std::move(message));
}

void TableReader::note(std::string_view what, Position at) {
    reading_.positions.put(place_of(what), at);
}

std::string TableReader::place_of(std::string_view key) const {
    const std::string name(key);
    return called_.place.empty() ? name : called_.place + "." + name;
}

std::string TableReader::subject(std::string_view key) const {
    const std::string quoted_key = "'" + called_.path + std::string(key) + "'";
    return called_.owner.empty() ? quoted_key : quoted_key + " of " + called_.owner;
}

void TableReader::reject_unknown() {
    for (const Entry &entry : table_.entries) {
        if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
        const std::string shown = in_quotes(entry.key);
        std::string message =
            "unknown key '" + shown.substr(1, shown.size() - 2) + "' " + called_.table;
        if (const auto key = nearest(entry.key, known_)) {
            message += "; did you mean '" + *key + "'?";
        } else {
            message += known_.size() == 1 ? "; the only key there is " + known_.front()
                                          : "; the keys there are " + listed(known_);
        }
        complain(entry.key_at, std::move(message));
    }
}

std::string peek_text(const Node &table, std::string_view key) {
    const Node *value = find_entry(table, key);
    return value != nullptr && value->kind == Node::Kind::STRING ? value->text : std::string();
}

} // namespace lagg::config
