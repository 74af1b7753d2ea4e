// [daemon].
#include "control/config/keys.hh"

#include "control/config/key_values.hh"
#include "control/config/values.hh"
#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::config {

namespace {

constexpr int64_t kFewestBuffers = 1024;
constexpr int64_t kMostBuffers = 1048576;
constexpr int64_t kMostMemoryMb = 1048576;
/// A Unix socket's address holds 108 octets with the NUL at the end.
constexpr size_t kLongestSocketPath = 107;

void add_core(TableReader &reader, const Node &item, std::vector<unsigned> &cores) {
    if (item.kind != Node::Kind::INTEGER) {
        return reader.complain(item.at, reader.subject("workers") +
                                            " must hold core numbers, not " + describe(item));
    }
    if (item.integer < 0 || item.integer >= kMaxCores) {
        return reader.complain(
            item.at, reader.subject("workers") + " names core " + std::to_string(item.integer) +
                         "; cores are numbered 0 to " + std::to_string(kMaxCores - 1));
    }
    const auto core = static_cast<unsigned>(item.integer);
    if (std::find(cores.begin(), cores.end(), core) != cores.end()) {
        return reader.complain(item.at, reader.subject("workers") + " names core " +
                                            std::to_string(core) +
                                            " twice; each core runs one worker");
    }
    cores.push_back(core);
}

std::vector<unsigned> read_cores(TableReader &reader, const Node *value) {
    std::vector<unsigned> cores;
    if (value->kind == Node::Kind::ARRAY) {
        if (value->items.empty()) {
            reader.complain(value->at,
                            reader.subject("workers") + " is empty; write \"auto\" or name a core");
        }
        for (const Node &item : value->items)
            add_core(reader, item, cores);
    } else if (value->kind == Node::Kind::STRING) {
        if (lower_case(value->text) == "auto") return cores;
        auto parsed = parse_cores(value->text);
        if (parsed) return *std::move(parsed);
        reader.complain(value->at, parsed.error().message);
    } else {
        reader.wrong_type("workers", "\"auto\", cores such as \"2-5\", or an array such as [2, 4]",
                          *value);
    }
    return cores;
}

void read_workers(TableReader &reader, Daemon &daemon) {
    const Node *value = reader.value_of("workers");
    if (!value) return;
    std::vector<unsigned> cores = read_cores(reader, value);
    if (cores.size() > kMaxWorkers) {
        return reader.complain(
            value->at, reader.subject("workers") + " names " + std::to_string(cores.size()) +
                           " cores; name at most " + std::to_string(kMaxWorkers));
    }
    daemon.workers = std::move(cores);
}

Node write_workers(const Daemon &daemon) {
    if (daemon.workers.empty()) return node_of(std::string("auto"));
    std::vector<Node> cores;
    for (const unsigned core : daemon.workers)
        cores.push_back(node_of(int64_t{core}));
    return node_of(std::move(cores));
}

Key<Daemon> workers_key() {
    return {row_of("workers",
                   any_of({words_form({"auto"}), text_form("^[0-9, -]+$"),
                           array_form(integer_form(0, kMaxCores - 1))}),
                   {.cost = Cost::RESTARTS_DAEMON,
                    .sentence = "The cores that move packets, one worker each",
                    .example = "[2, 4]"}),
            read_workers, write_workers};
}

void read_buffers(TableReader &reader, Daemon &daemon) {
    const Node *value = reader.value_of("buffers");
    if (!value) return;
    if (value->kind == Node::Kind::STRING && lower_case(value->text) == "auto") return;
    if (value->kind != Node::Kind::INTEGER)
        return reader.wrong_type("buffers", "\"auto\" or an integer", *value);
    if (const auto buffers = reader.integer("buffers", kFewestBuffers, kMostBuffers))
        daemon.buffers = static_cast<unsigned>(*buffers);
}

Key<Daemon> buffers_key() {
    return {row_of("buffers",
                   any_of({words_form({"auto"}), integer_form(kFewestBuffers, kMostBuffers)}),
                   {.cost = Cost::RESTARTS_DAEMON,
                    .sentence = "Packet buffers in the pool, or as many as ports and workers need",
                    .example = "32768"}),
            read_buffers, [](const Daemon &daemon) {
                return daemon.buffers ? node_of(int64_t{*daemon.buffers})
                                      : node_of(std::string("auto"));
            }};
}

void read_api(TableReader &reader, Daemon &daemon) {
    auto path = read_path(reader, "api", Daemon{}.api.c_str());
    if (!path) return;
    if (path->size() > kLongestSocketPath) {
        return reader.complain(
            reader.value_of("api")->at,
            reader.subject("api") + " is a path of " + std::to_string(path->size()) +
                " bytes; a Unix socket's may have at most " + std::to_string(kLongestSocketPath));
    }
    daemon.api = *std::move(path);
}

Key<Daemon> api_key() {
    return {row_of("api", path_form(),
                   {.cost = Cost::RESTARTS_DAEMON,
                    .sentence = "The Unix socket on which laggctl talks to the daemon",
                    .example = "/run/lagg/lab.sock"}),
            read_api, [](const Daemon &daemon) { return node_of(daemon.api); }};
}

void read_eal(TableReader &reader, Daemon &daemon) {
    const auto arguments = reader.texts("eal", "[\"--log-level=8\"]");
    if (!arguments) return;
    for (const PlacedText &argument : *arguments) {
        if (const auto good = check_eal_argument(argument.text); !good)
            reader.complain(argument.at, good.error().message);
        else
            daemon.eal.push_back(argument.text);
    }
}

Key<Daemon> eal_key() {
    return {row_of("eal", array_form(text_form()),
                   {.cost = Cost::RESTARTS_DAEMON,
                    .sentence = "More arguments for DPDK's Environment Abstraction Layer",
                    .example = "[\"--log-level=8\"]"}),
            read_eal, [](const Daemon &daemon) { return node_of_texts(daemon.eal); }};
}

} // namespace

const Keys<Daemon> &daemon_keys() {
    static const Keys<Daemon> keys = {
        workers_key(),
        word("memory", &Daemon::memory, kMemories,
             {.cost = Cost::RESTARTS_DAEMON,
              .sentence = "Where packet buffers live: in huge pages, in ordinary memory, or in "
                          "huge pages where enough of them are free"}),
        buffers_key(),
        number("memory_mb", &Daemon::memory_mb, {0, kMostMemoryMb},
               {.cost = Cost::RESTARTS_DAEMON,
                .sentence = "Memory to take without huge pages; 0 means as much as the buffers "
                            "and the daemon's own needs come to",
                .unit = "MiB"}),
        word("poll", &Daemon::poll, kPolls,
             {.cost = Cost::RESTARTS_DAEMON,
              .sentence = "Whether a worker without packets sleeps for tens of microseconds at a "
                          "time, or never"}),
        api_key(),
        word("log", &Daemon::log, kLogLevels,
             {.cost = Cost::RESTARTS_DAEMON,
              .sentence = "The least severe messages that are logged"}),
        path("record", &Daemon::record,
             {.cost = Cost::RESTARTS_DAEMON,
              .sentence = "A file that takes everything that enters and leaves the LACP machines",
              .absent = "nothing is recorded",
              .example = "/var/log/lagg.record"}),
        eal_key(),
    };
    return keys;
}

} // namespace lagg::config
