// A key, declared once: its row, and how its value gets from a table of the document into a struct
// and back. Everything that is done with a configuration goes along lists of these.
#pragma once

#include "control/config/row.hh"
#include "control/config/table_reader.hh"

#include <functional>

namespace lagg::config {

template <typename Struct> struct Key {
    Row row;
    /// Leaves the struct as it is where the key is absent, or wrong and complained of.
    std::function<void(TableReader &, Struct &)> read;
    /// Nothing where the struct has no value for it.
    std::function<std::optional<Node>(const Struct &)> write;
};

/// The keys of a table. They are read in this order, and named in it to the operator.
template <typename Struct> using Keys = std::vector<Key<Struct>>;

/// Reads all keys, and complains of those that are not among them.
template <typename Struct>
void read_table(TableReader &reader, const Keys<Struct> &keys, Struct &value) {
    for (const Key<Struct> &key : keys)
        key.read(reader, value);
    reader.reject_unknown();
}

/// The table with every key that has a value, defaults too.
template <typename Struct> Node write_table(const Keys<Struct> &keys, const Struct &value) {
    Node table;
    for (const Key<Struct> &key : keys)
        if (auto node = key.write(value))
            table.entries.push_back({.key = key.row.key, .value = *std::move(node)});
    return table;
}

/// The rows of the keys, each with its default: what a struct holds that nothing was read into.
template <typename Struct> Rows rows_of(const Keys<Struct> &keys) {
    Rows rows;
    const Struct untouched{};
    for (const Key<Struct> &key : keys) {
        rows.push_back(key.row);
        if (!key.row.required) rows.back().standard = key.write(untouched);
    }
    return rows;
}

} // namespace lagg::config
