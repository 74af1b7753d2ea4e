// The document's tree to Config's structs, table by table. Each value keeps its place, because the
// rules between tables complain about values too.
#pragma once

#include "control/config/config.hh"
#include "control/config/document.hh"
#include "control/config/table_reader.hh"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lagg::config {

/// A [[port]]. Parts that were wrong or missing have their default, and no place where there is
/// one.
struct PlacedPort {
    Port port;
    Position at; ///< the header
    Position name;
    Position device;
};

struct PlacedAlias {
    Alias alias;
    Position at;
};

/// Filter and port are empty where they were wrong or missing.
struct PlacedRule {
    PlacedText filter;
    PlacedText port;
};

struct PlacedLagg {
    Lagg lagg;          ///< its ports, aliases and rules are empty: they are the following
    std::string called; ///< "lagg0", or "this lagg" without a name
    Position at;        ///< the header
    Position name;
    std::vector<PlacedText> ports;
    std::vector<PlacedAlias> aliases;
    std::vector<PlacedRule> rules;
    Position aliases_at;
    Position min_links;
    Position max_links;
    Position fallback;
    Position bpf;
    Position upper;
};

struct PlacedConfig {
    Daemon daemon;
    std::map<std::string, Position> daemon_keys; ///< and by "" the header
    std::vector<PlacedPort> ports;
    std::vector<PlacedLagg> laggs;
};

PlacedConfig read_schema(const Node &document, Complaints &complaints);

// One table each; read_schema() is made of these.

Daemon read_daemon(const Node &table, Complaints &complaints);
PlacedPort read_port(const Node &table, Complaints &complaints);
PlacedLagg read_lagg(const Node &table, Complaints &complaints);
/// The lacp table of a [[port]] and of a [[lagg]]; nothing changes where there is none.
void read_lacp(TableReader &outer, PortLacp &lacp, Complaints &complaints);
void read_lacp(TableReader &outer, PlacedLagg &placed, Complaints &complaints);

/// The hash of a [[lagg]]; nothing changes where there is none.
void read_hash(TableReader &outer, PlacedLagg &placed, Complaints &complaints);

/// The rules of a [[lagg]]; none where there are none.
std::vector<PlacedRule> read_rules(TableReader &outer, Complaints &complaints);

/// An absolute path; nothing where it is absent or wrong. `example` stands in the complaint.
std::optional<std::string> read_path(TableReader &reader, std::string_view key,
                                     const char *example);
/// A unicast MAC address; nothing where it is absent or wrong.
std::optional<MacAddress> read_mac(TableReader &reader, std::string_view key);

} // namespace lagg::config
