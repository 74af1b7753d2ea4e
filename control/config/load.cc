// The way from a file to a Config: text, tree, structs, rules.
#include "control/config/load.hh"

#include "control/config/document.hh"
#include "control/config/rules.hh"
#include "control/config/schema.hh"
#include "dataplane/files/files.hh"

namespace lagg::config {

namespace {

/// Far above what 32 laggs can need. What is larger is some other file.
constexpr size_t kMostBytes = size_t{4} << 20;

Config without_places(PlacedConfig &&placed) {
    Config config;
    config.daemon = std::move(placed.daemon);
    for (PlacedPort &port : placed.ports)
        config.ports.push_back(std::move(port.port));
    for (PlacedLagg &from : placed.laggs) {
        Lagg &lagg = config.laggs.emplace_back(std::move(from.lagg));
        for (PlacedText &port : from.ports)
            lagg.ports.push_back(std::move(port.text));
        for (const PlacedAlias &alias : from.aliases)
            lagg.aliases.push_back(alias.alias);
        for (PlacedRule &rule : from.rules)
            lagg.rules.push_back({std::move(rule.filter.text), std::move(rule.port.text)});
    }
    return config;
}

Positions positions_of(const PlacedConfig &config) {
    Positions positions;
    positions.daemon = config.daemon_keys;
    for (const PlacedPort &port : config.ports) {
        positions.port_device[port.port.name] = port.device;
    }
    for (const PlacedLagg &lagg : config.laggs) {
        positions.lagg[lagg.lagg.name] = lagg.name;
        if (!lagg.lagg.hash.bpf.empty()) positions.hash_bpf[lagg.lagg.name] = lagg.bpf;
        for (const PlacedRule &rule : lagg.rules)
            positions.filters[lagg.lagg.name].push_back(rule.filter.at);
    }
    return positions;
}

Mistakes unreadable(const std::string &path, const std::string &why) {
    return {{{path, 0, 0, "cannot be read: " + why}}};
}

} // namespace

Loaded parse(std::string_view text, const std::string &name, Positions *positions) {
    const auto document = parse_document(text, name);
    if (const auto *mistake = std::get_if<Mistake>(&document)) return Mistakes{{*mistake}};
    Complaints complaints(name);
    PlacedConfig placed = read_schema(std::get<Node>(document), complaints);
    check_rules(placed, complaints);
    if (!complaints.empty()) return std::move(complaints).take();
    if (positions) *positions = positions_of(placed);
    return without_places(std::move(placed));
}

Loaded load(const std::string &path, Positions *positions) {
    const Result<std::string> text = read_file(path, kMostBytes);
    if (!text) return unreadable(path, text.error().message);
    return parse(*text, path, positions);
}

} // namespace lagg::config
