#include "tests/control/config/documents.hh"

#include <gtest/gtest.h>

namespace lagg::config {

namespace {

int64_t between(int64_t least, int64_t most, std::mt19937 &random) {
    // The ends are where mistakes are.
    switch (random() % 4) {
    case 0: return least;
    case 1: return most;
    default: return std::uniform_int_distribution<int64_t>(least, most)(random);
    }
}

/// TOML, or a string without its quotes.
Node example_of(const Row &row) {
    const bool quoted = row.example.find_first_of("[{0123456789") != 0 ||
                        row.example.find(':') != std::string::npos;
    const std::string value = quoted && row.example.front() != '[' && row.example.front() != '{'
                                  ? "'" + row.example + "'"
                                  : row.example;
    const auto document = parse_document("x = " + value, row.key);
    const auto *table = std::get_if<Node>(&document);
    EXPECT_NE(table, nullptr) << row.key << " = " << value;
    return table != nullptr ? *find_entry(*table, "x") : Node{};
}

std::optional<Node> random_value(const Row &row, const Form &form, std::mt19937 &random) {
    switch (form.type) {
    case Form::Type::BOOLEAN: return node_of(random() % 2 == 0);
    case Form::Type::INTEGER: return node_of(between(form.least, form.most, random));
    case Form::Type::TABLE: return random_table(form.rows, random);
    case Form::Type::ANY_OF:
        return random_value(row, form.forms[random() % form.forms.size()], random);
    case Form::Type::TEXT:
        if (!form.words.empty()) return node_of(form.words[random() % form.words.size()]);
        break;
    case Form::Type::ARRAY:
        if (form.forms.front().type == Form::Type::TABLE && row.example.empty()) {
            std::vector<Node> items(random() % 4);
            for (Node &item : items)
                item = random_table(form.forms.front().rows, random);
            return node_of(std::move(items));
        }
        break;
    }
    if (row.example.empty()) return std::nullopt;
    return example_of(row);
}

} // namespace

Node random_table(const Rows &rows, std::mt19937 &random) {
    Node table;
    for (const Row &row : rows) {
        if (!row.required && random() % 2 == 0) continue;
        if (auto value = random_value(row, row.form, random))
            table.entries.push_back({.key = row.key, .value = *std::move(value)});
    }
    return table;
}

} // namespace lagg::config
