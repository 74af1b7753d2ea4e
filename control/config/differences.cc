#include "control/config/differences.hh"

#include "control/config/keys.hh"

#include <algorithm>
#include <cassert>
#include <string_view>

namespace lagg::config {

namespace {

/// The rows of the tables that a key holds; null where it holds none.
const Rows *rows_within(const Form &form, Form::Type type) {
    if (form.type == type) return &form.rows;
    if (form.type != Form::Type::ANY_OF) return nullptr;
    for (const Form &each : form.forms)
        if (const Rows *rows = rows_within(each, type)) return rows;
    return nullptr;
}

const Rows *rows_of_table(const Form &form, const Node &value) {
    return value.kind == Node::Kind::TABLE ? rows_within(form, Form::Type::TABLE) : nullptr;
}

/// Rows of the tables of a list whose tables have names.
const Rows *rows_of_named(const Form &form) {
    if (form.type != Form::Type::ARRAY || form.forms.front().type != Form::Type::TABLE)
        return nullptr;
    const Rows &rows = form.forms.front().rows;
    return std::ranges::find(rows, "name", &Row::key) == rows.end() ? nullptr : &rows;
}

std::string name_of(const Node &table) {
    const Node *name = find_entry(table, "name");
    return name == nullptr ? std::string() : name->text;
}

const Node *find_named(const Node &list, const std::string &name) {
    const auto found = std::ranges::find(list.items, name, name_of);
    return found == list.items.end() ? nullptr : &*found;
}

Node sorted(Node list) {
    std::ranges::sort(list.items, {}, to_json);
    return list;
}

class Comparison {
  public:
    void compare_tables(const Rows &rows, const Node &from, const Node &to,
                        const std::string &path) {
        for (const Row &row : rows)
            compare(row, find_entry(from, row.key), find_entry(to, row.key), path + row.key);
    }
    std::vector<Difference> take() && { return std::move(found_); }

  private:
    void compare(const Row &row, const Node *from, const Node *to, const std::string &path) {
        if (from == nullptr && to == nullptr) return;
        if (from != nullptr && to != nullptr) {
            if (same_value(*from, *to)) return;
            if (row.form.unordered && same_value(sorted(*from), sorted(*to))) return;
            const Rows *inner = rows_of_table(row.form, *from);
            if (inner != nullptr && to->kind == from->kind)
                return compare_tables(*inner, *from, *to, path + ".");
            if (const Rows *named = rows_of_named(row.form))
                return compare_lists(row, *named, *from, *to, path);
        }
        add(path, from, to, row.cost);
    }

    void compare_lists(const Row &row, const Rows &rows, const Node &from, const Node &to,
                       const std::string &path) {
        const auto path_of = [&](const std::string &name) { return path + "[" + name + "]"; };
        for (const Node &item : from.items) {
            const std::string name = name_of(item);
            if (const Node *other = find_named(to, name))
                compare_tables(rows, item, *other, path_of(name) + ".");
            else
                add(path_of(name), &item, nullptr, row.cost);
        }
        for (const Node &item : to.items)
            if (find_named(from, name_of(item)) == nullptr)
                add(path_of(name_of(item)), nullptr, &item, row.cost);
    }

    void add(const std::string &path, const Node *from, const Node *to, Cost cost) {
        const auto text = [](const Node *node) { return node ? inline_toml(*node) : ""; };
        found_.push_back({path, text(from), text(to), cost});
    }

    std::vector<Difference> found_;
};

Node thinned(const Form &form, const Node &value) {
    if (const Rows *rows = rows_of_table(form, value)) return without_defaults(*rows, value);
    if (form.type != Form::Type::ARRAY) return value;
    Node list = value;
    for (Node &item : list.items)
        item = thinned(form.forms.front(), item);
    return list;
}

} // namespace

std::vector<Difference> differences(const Rows &rows, const Node &from, const Node &to) {
    Comparison comparison;
    comparison.compare_tables(rows, from, to, "");
    return std::move(comparison).take();
}

std::vector<Difference> differences(const Config &from, const Config &to) {
    return differences(rows_of(config_keys()), write_table(config_keys(), from),
                       write_table(config_keys(), to));
}

std::vector<std::string> waiting_keys(const std::vector<Difference> &differences) {
    constexpr std::string_view kTable = "daemon.";
    std::vector<std::string> keys;
    for (const Difference &difference : differences) {
        if (difference.cost != Cost::RESTARTS_DAEMON) continue;
        assert(difference.path.starts_with(kTable));
        keys.push_back(difference.path.substr(kTable.size()));
    }
    return keys;
}

Node without_defaults(const Rows &rows, const Node &table) {
    Node thin;
    for (const Row &row : rows) {
        const Node *value = find_entry(table, row.key);
        if (value == nullptr || (row.standard && same_value(*row.standard, *value))) continue;
        thin.entries.push_back({.key = row.key, .value = thinned(row.form, *value)});
    }
    return thin;
}

} // namespace lagg::config
