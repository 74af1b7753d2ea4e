// The outermost table.
#include "control/config/keys.hh"

#include "control/config/key_kinds.hh"
#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

namespace lagg::config {

namespace {

constexpr int64_t kVersion = 1;

void check_version(TableReader &top, Config &) {
    const Node *version = top.value_of("version");
    if (!version) return;
    if (version->kind != Node::Kind::INTEGER) {
        top.wrong_type("version", "the integer 1", *version);
    } else if (version->integer != kVersion) {
        top.complain(version->at, "'version' is " + std::to_string(version->integer) +
                                      "; this laggd reads version 1 only");
    }
}

Key<Config> version_key() {
    return {
        row_of("version", integer_form(kVersion, kVersion), {.sentence = "Version of this format"}),
        check_version, [](const Config &) { return node_of(kVersion); }};
}

std::string called_port(const std::string &name) {
    return name.empty() ? "this [[port]]" : "port " + in_quotes(name);
}

/// The tables of a [[key]], each called by its name.
template <typename Inner>
Key<Config> tables(const char *key, std::vector<Inner> Config::*place, const Keys<Inner> &keys,
                   std::string (*called)(const std::string &), const Facts &facts) {
    return {row_of(key, array_form(table_form(rows_of(keys))), facts),
            [=, &keys](TableReader &top, Config &config) {
                for (const Node *found : top.tables(key)) {
                    std::vector<Inner> &list = config.*place;
                    const std::string at = item_path(key, list.size());
                    top.note(at, found->at);
                    TableReader reader(*found,
                                       {"in [[" + std::string(key) + "]]",
                                        called(peek_text(*found, "name")), "", at},
                                       top.reading());
                    read_table(reader, keys, list.emplace_back());
                }
            },
            [=, &keys](const Config &config) {
                std::vector<Node> items;
                for (const Inner &each : config.*place)
                    items.push_back(write_table(keys, each));
                return node_of(std::move(items));
            }};
}

} // namespace

const Keys<Config> &config_keys() {
    static const Keys<Config> keys = {
        version_key(),
        table("daemon", &Config::daemon, daemon_keys(),
              {.cost = Cost::RESTARTS_DAEMON, .sentence = "The daemon itself"}),
        tables("port", &Config::ports, port_keys(), called_port,
               {.cost = Cost::RESTARTS_PORT, .sentence = "The ports, one table each"}),
        tables("lagg", &Config::laggs, lagg_keys(),
               [](const std::string &name) { return called_lagg(name); },
               {.cost = Cost::REMAKES_UPPER, .sentence = "The laggs, one table each"}),
    };
    return keys;
}

} // namespace lagg::config
