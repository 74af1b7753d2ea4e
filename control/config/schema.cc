// The outermost table.
#include "control/config/schema.hh"

namespace lagg::config {

namespace {

constexpr int64_t kVersion = 1;

void check_version(TableReader &top) {
    const Node *version = top.find("version");
    if (!version) return;
    if (version->kind != Node::Kind::INTEGER) {
        top.wrong_type("version", "the integer 1", *version);
    } else if (version->integer != kVersion) {
        top.complain(version->at, "'version' is " + std::to_string(version->integer) +
                                      "; this laggd reads version 1 only");
    }
}

} // namespace

PlacedConfig read_schema(const Node &document, Complaints &complaints) {
    PlacedConfig config;
    TableReader top(document, {"at the top of the file", "", ""}, complaints);
    check_version(top);
    if (const Node *daemon = top.table("daemon")) {
        config.daemon = read_daemon(*daemon, complaints);
        config.daemon_keys[""] = daemon->at;
        for (const Entry &entry : daemon->entries)
            config.daemon_keys[entry.key] = entry.value.at;
    }
    for (const Node *table : top.tables("port")) {
        config.ports.push_back(read_port(*table, complaints));
    }
    for (const Node *table : top.tables("lagg")) {
        config.laggs.push_back(read_lagg(*table, complaints));
    }
    top.reject_unknown();
    return config;
}

} // namespace lagg::config
