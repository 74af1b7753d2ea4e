// What is written is read again as the same, whatever it is.
#include "control/config/describe_keys.hh"
#include "control/config/differences.hh"
#include "control/config/keys.hh"
#include "control/config/load.hh"
#include "tests/control/config/documents.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lagg::config {
namespace {

/// Without the rules between tables, which a document by chance breaks.
Config read_tree(const std::variant<Node, Mistake> &document, const std::string &text) {
    if (const auto *mistake = std::get_if<Mistake>(&document)) {
        ADD_FAILURE() << to_string(*mistake) << " in\n" << text;
        return {};
    }
    Reading reading{Complaints("f"), {}};
    TableReader top(std::get<Node>(document), {"at the top of the file", "", "", ""}, reading);
    Config config;
    read_table(top, config_keys(), config);
    if (!reading.complaints.empty())
        for (const Mistake &mistake : std::move(reading.complaints).take().list)
            ADD_FAILURE() << to_string(mistake) << " in\n" << text;
    return config;
}

/// Keys that ask for one another: a lagg has ports unless its protocol is none, and only the type
/// "port" of an upper side goes with a port.
void reconcile(Node &lagg) {
    if (find_entry(lagg, "ports") == nullptr)
        lagg.entries.push_back({.key = "ports", .value = node_of_texts({"p0"})});
    for (Entry &entry : lagg.entries) {
        if (entry.key != "upper" || entry.value.kind != Node::Kind::TABLE) continue;
        entry.value.entries = {{.key = "type", .value = node_of(std::string("port"))},
                               {.key = "port", .value = node_of(std::string("p2"))}};
    }
}

Config random_config(unsigned seed) {
    std::mt19937 random(seed);
    Node document = random_table(rows_of(config_keys()), random);
    for (Entry &entry : document.entries)
        if (entry.key == "lagg") std::ranges::for_each(entry.value.items, reconcile);
    return read_tree(document, to_toml(document));
}

/// Paths of the keys in the tables of these rows, as a difference has them.
void add_paths(const Rows &rows, const std::string &prefix, std::set<std::string> &paths) {
    for (const Row &row : rows) {
        if (row.form.type == Form::Type::TABLE)
            add_paths(row.form.rows, prefix + row.key + ".", paths);
        else
            paths.insert(prefix + row.key);
    }
}

class RoundTrip : public testing::Test {
  protected:
    static constexpr unsigned kSeeds = 500;
};

TEST_F(RoundTrip, Toml) {
    for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const Config config = random_config(seed);
        const std::string text = to_toml(config);
        EXPECT_EQ(read_tree(parse_document(text, "f"), text), config) << text;
        EXPECT_EQ(to_toml(read_tree(parse_document(text, "f"), text)), text);
    }
}

TEST_F(RoundTrip, Json) {
    for (unsigned seed = 0; seed < kSeeds && !HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        const Config config = random_config(seed);
        const std::string text = to_json(config);
        EXPECT_EQ(read_tree(parse_json(text, "f"), text), config) << text;
    }
}

/// No key that is forgotten when a document is written, or compared, or drawn by chance.
TEST_F(RoundTrip, ChanceMeetsEveryKey) {
    std::set<std::string> missing;
    add_paths(rows_of(daemon_keys()), "daemon.", missing);
    add_paths(rows_of(port_keys()), "port[p0].", missing);
    add_paths(rows_of(lagg_keys()), "lagg[lagg0].", missing);
    missing.erase("port[p0].name");
    missing.erase("lagg[lagg0].name");
    // The one device there is an example of.
    missing.erase("port[p0].device");
    for (unsigned seed = 0; seed < kSeeds; ++seed) {
        for (const Difference &found : differences(random_config(seed), random_config(seed + 1)))
            std::erase_if(missing, [&](const std::string &path) {
                return found.path == path || found.path.starts_with(path + ".");
            });
    }
    EXPECT_EQ(missing, std::set<std::string>{});
}

TEST_F(RoundTrip, TextThatNeedsEscapes) {
    for (const std::string text :
         {"\"", "\\", "a'b\"c", "\xc3\xa9", "tab\tnewline\nend", "\x7f", "'''"}) {
        Config config;
        config.laggs.resize(1);
        config.laggs[0].name = "lagg0";
        config.laggs[0].ports = {"p0"};
        config.laggs[0].rules = {{"host " + text, "p0"}};
        const std::string toml = to_toml(config);
        EXPECT_EQ(read_tree(parse_document(toml, "f"), toml), config) << toml;
        const std::string json = to_json(config);
        EXPECT_EQ(read_tree(parse_json(json, "f"), json), config) << json;
    }
}

TEST_F(RoundTrip, WhatHasItsDefaultIsLeftOut) {
    EXPECT_EQ(to_toml(Config{}), "");
    Config config;
    config.daemon.poll = Poll::BUSY;
    config.ports = {{.name = "p0", .device = "net_ring0", .lacp = {.priority = 7}}};
    config.laggs.resize(1);
    config.laggs[0].name = "lagg0";
    config.laggs[0].ports = {"p0"};
    config.laggs[0].hash.policy.fields = distribute::kLayer34;
    config.laggs[0].upper = {UpperKind::PORT, "p2"};
    EXPECT_EQ(to_toml(config), R"([daemon]
poll = "busy"

[[port]]
name = "p0"
device = "net_ring0"
lacp = { priority = 7 }

[[lagg]]
name = "lagg0"
ports = ["p0"]
hash = { policy = "layer3+4" }
upper = "port:p2"
)");
}

TEST(Json, HasTheMessagesOfToml) {
    const auto messages = [](const char *text) {
        std::vector<std::string> out;
        const Loaded loaded = parse_json_config(text, "request");
        if (const auto *mistakes = std::get_if<Mistakes>(&loaded))
            for (const Mistake &mistake : mistakes->list)
                out.push_back(to_string(mistake));
        return out;
    };
    using Messages = std::vector<std::string>;
    EXPECT_EQ(messages(R"({"daemon": {"record": null}})"), Messages{});
    EXPECT_EQ(messages(R"({"daemon": {"memory_mb": 18446744073709551615, "pool": 1.5}})"),
              (Messages{"request: 'memory_mb' of [daemon] must be an integer, not the fraction "
                        "18446744073709551615",
                        "request: unknown key 'pool' in [daemon]; did you mean 'poll'?"}));
    EXPECT_EQ(messages("[]"), Messages{"request: must be a JSON object"});
    EXPECT_EQ(messages("{").size(), 1u);
}

TEST(Differences, HavePathsValuesAndCosts) {
    Config from;
    from.ports = {{.name = "p0", .device = "net_ring0"}, {.name = "p1", .device = "net_ring1"}};
    from.laggs.resize(1);
    from.laggs[0].name = "lagg0";
    from.laggs[0].ports = {"p0", "p1"};
    from.laggs[0].aliases = {{false, {192, 0, 2, 1}, 24}, {false, {192, 0, 2, 2}, 24}};
    Config to = from;
    std::swap(to.ports[0], to.ports[1]);
    std::swap(to.laggs[0].aliases[0], to.laggs[0].aliases[1]);
    EXPECT_EQ(differences(from, to), std::vector<Difference>{});
    to.daemon.log = "debug";
    to.ports[0].device = "net_ring2";
    to.ports[1].name = "p2";
    to.laggs[0].lacp.max_links = 1;
    to.laggs[0].hash.seed = 4;
    to.laggs[0].upper.kind = UpperKind::NONE;
    EXPECT_EQ(
        differences(from, to),
        (std::vector<Difference>{
            {"daemon.log", "\"info\"", "\"debug\"", Cost::RESTARTS_DAEMON},
            {"port[p0]",
             R"({ name = "p0", device = "net_ring0", in_use = false, lacp = { enabled = true, drain = false, individual = false } })",
             "", Cost::RESTARTS_PORT},
            {"port[p1].device", "\"net_ring1\"", "\"net_ring2\"", Cost::RESTARTS_PORT},
            {"port[p2]", "",
             R"({ name = "p2", device = "net_ring0", in_use = false, lacp = { enabled = true, drain = false, individual = false } })",
             Cost::RESTARTS_PORT},
            {"lagg[lagg0].hash.seed", "\"random\"", "4", Cost::NOTHING},
            {"lagg[lagg0].lacp.max_links", "0", "1", Cost::RENEGOTIATES},
            {"lagg[lagg0].upper", "\"kernel\"", "\"none\"", Cost::REMAKES_UPPER}}));
}

} // namespace
} // namespace lagg::config
