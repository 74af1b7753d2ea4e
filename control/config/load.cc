// The way from a file to a Config: text, tree, structs, rules; and back.
#include "control/config/load.hh"

#include "control/config/cross_checks.hh"
#include "control/config/differences.hh"
#include "control/config/keys.hh"
#include "dataplane/files/files.hh"

namespace lagg::config {

namespace {

/// Far above what 32 laggs can need. What is larger is some other file.
constexpr size_t kMostBytes = size_t{4} << 20;

Mistakes unreadable(const std::string &path, const std::string &why) {
    return {{{path, 0, 0, "cannot be read: " + why}}};
}

Loaded read(const std::variant<Node, Mistake> &document, const std::string &name,
            Positions *positions) {
    if (const auto *mistake = std::get_if<Mistake>(&document)) return Mistakes{{*mistake}};
    Reading reading{Complaints(name), {}};
    TableReader top(std::get<Node>(document), {"at the top of the file", "", "", ""}, reading);
    Config config;
    read_table(top, config_keys(), config);
    check_rules(config, reading.positions, reading.complaints);
    if (!reading.complaints.empty()) return std::move(reading.complaints).take();
    if (positions) *positions = std::move(reading.positions);
    return config;
}

} // namespace

Loaded parse(std::string_view text, const std::string &name, Positions *positions) {
    return read(parse_document(text, name), name, positions);
}

Loaded parse_json_config(std::string_view text, const std::string &name) {
    return read(parse_json(text, name), name, nullptr);
}

Loaded load(const std::string &path, Positions *positions) {
    const Result<std::string> text = read_file(path, kMostBytes);
    if (!text) return unreadable(path, text.error().message);
    return parse(*text, path, positions);
}

std::string to_toml(const Config &config) {
    return to_toml(without_defaults(rows_of(config_keys()), write_table(config_keys(), config)));
}

std::string to_json(const Config &config) {
    return to_json(write_table(config_keys(), config));
}

} // namespace lagg::config
