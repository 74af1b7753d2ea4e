// The kinds of keys: numbers, words, switches, tables. Whatever is of none of them has a reader and
// a writer of its own.
#pragma once

#include "control/config/choices.hh"
#include "control/config/key.hh"

namespace lagg::config {

/// What a row says beside its key and form.
struct Facts {
    Cost cost = Cost::NOTHING;
    const char *sentence = "";
    const char *unit = "";
    const char *absent = "";
    const char *example = "";
    bool required = false;
};

inline Row row_of(const char *key, Form form, const Facts &facts) {
    return {.key = key,
            .form = std::move(form),
            .cost = facts.cost,
            .sentence = facts.sentence,
            .unit = facts.unit,
            .absent = facts.absent,
            .example = facts.example,
            .required = facts.required,
            .standard = {}};
}

struct Range {
    int64_t least;
    int64_t most;
};

template <typename Struct>
Key<Struct> boolean(const char *key, bool Struct::*place, const Facts &facts) {
    return {row_of(key, boolean_form(), facts),
            [=](TableReader &reader, Struct &value) {
                if (const auto read = reader.boolean(key)) value.*place = *read;
            },
            [=](const Struct &value) { return node_of(value.*place); }};
}

template <typename Struct, typename Number>
Key<Struct> number(const char *key, Number Struct::*place, Range range, const Facts &facts) {
    return {row_of(key, integer_form(range.least, range.most), facts),
            [=](TableReader &reader, Struct &value) {
                if (const auto read = reader.integer(key, range.least, range.most))
                    value.*place = static_cast<Number>(*read);
            },
            [=](const Struct &value) { return node_of(int64_t{value.*place}); }};
}

template <typename Struct, typename Number>
Key<Struct> number(const char *key, std::optional<Number> Struct::*place, Range range,
                   const Facts &facts) {
    return {row_of(key, integer_form(range.least, range.most), facts),
            [=](TableReader &reader, Struct &value) {
                if (const auto read = reader.integer(key, range.least, range.most))
                    value.*place = static_cast<Number>(*read);
            },
            [=](const Struct &value) -> std::optional<Node> {
                if (!(value.*place)) return std::nullopt;
                return node_of(int64_t{*(value.*place)});
            }};
}

template <typename Value, size_t N> Form words_form(const Choice<Value> (&choices)[N]) {
    Form form{.type = Form::Type::TEXT};
    for (const Choice<Value> &choice : choices)
        form.words.emplace_back(choice.word);
    return form;
}

template <typename Struct, typename Value, size_t N>
Key<Struct> word(const char *key, Value Struct::*place, const Choice<Value> (&choices)[N],
                 const Facts &facts) {
    return {row_of(key, words_form(choices), facts),
            [=, &choices](TableReader &reader, Struct &value) {
                if (const auto read = reader.choice(key, choices)) value.*place = *read;
            },
            [=, &choices](const Struct &value) {
                return node_of(std::string(word_of(choices, value.*place)));
            }};
}

template <typename Struct, typename Value, size_t N>
Key<Struct> word(const char *key, std::optional<Value> Struct::*place,
                 const Choice<Value> (&choices)[N], const Facts &facts) {
    return {row_of(key, words_form(choices), facts),
            [=, &choices](TableReader &reader, Struct &value) {
                if (const auto read = reader.choice(key, choices)) value.*place = *read;
            },
            [=, &choices](const Struct &value) -> std::optional<Node> {
                if (!(value.*place)) return std::nullopt;
                return node_of(std::string(word_of(choices, *(value.*place))));
            }};
}

/// A word that is kept as it is.
template <typename Struct, size_t N>
Key<Struct> word(const char *key, std::string Struct::*place,
                 const Choice<const char *> (&choices)[N], const Facts &facts) {
    return {row_of(key, words_form(choices), facts),
            [=, &choices](TableReader &reader, Struct &value) {
                if (const auto read = reader.choice(key, choices)) value.*place = *read;
            },
            [=](const Struct &value) { return node_of(value.*place); }};
}

/// A table within the table. `keys` must outlive the key.
template <typename Struct, typename Inner>
Key<Struct> table(const char *key, Inner Struct::*place, const Keys<Inner> &keys,
                  const Facts &facts) {
    return {row_of(key, table_form(rows_of(keys)), facts),
            [=, &keys](TableReader &reader, Struct &value) {
                if (const Node *found = reader.table(key)) {
                    TableReader inner = reader.within(*found, key);
                    read_table(inner, keys, value.*place);
                }
            },
            [=, &keys](const Struct &value) { return write_table(keys, value.*place); }};
}

} // namespace lagg::config
