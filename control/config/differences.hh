// Two documents compared key by key, with what each difference costs.
#pragma once

#include "control/config/config.hh"
#include "control/config/row.hh"

#include <string>
#include <vector>

namespace lagg::config {

/// Values as they stand in TOML; empty where one document does not have the key, or the table.
struct Difference {
    std::string path; ///< "daemon.poll", "port[p0].device", "lagg[lagg0].lacp.max_links"
    std::string from;
    std::string to;
    Cost cost = Cost::NOTHING;
    bool operator==(const Difference &) const = default;
};

/// Tables in lists are the same where their `name` is; one that comes or goes is one difference.
std::vector<Difference> differences(const Rows &rows, const Node &from, const Node &to);
std::vector<Difference> differences(const Config &from, const Config &to);

/// Those that wait for the daemon's next start, without the name of their table.
std::vector<std::string> waiting_keys(const std::vector<Difference> &differences);

/// A document without what has its default.
Node without_defaults(const Rows &rows, const Node &table);

} // namespace lagg::config
