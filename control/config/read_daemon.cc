// [daemon].
#include "control/config/schema.hh"

#include "control/config/values.hh"
#include "dataplane/base/words.hh"

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

std::vector<unsigned> read_workers(TableReader &reader) {
    const Node *value = reader.find("workers");
    if (!value) return {};
    std::vector<unsigned> cores = read_cores(reader, value);
    if (cores.size() <= kMaxWorkers) return cores;
    reader.complain(value->at, reader.subject("workers") + " names " +
                                   std::to_string(cores.size()) + " cores; name at most " +
                                   std::to_string(kMaxWorkers));
    return {};
}

std::optional<unsigned> read_buffers(TableReader &reader) {
    const Node *value = reader.find("buffers");
    if (!value) return std::nullopt;
    if (value->kind == Node::Kind::STRING && lower_case(value->text) == "auto") return std::nullopt;
    if (value->kind != Node::Kind::INTEGER) {
        reader.wrong_type("buffers", "\"auto\" or an integer", *value);
        return std::nullopt;
    }
    const auto buffers = reader.integer("buffers", kFewestBuffers, kMostBuffers);
    return buffers ? std::optional(static_cast<unsigned>(*buffers)) : std::nullopt;
}

void read_api(TableReader &reader, std::string &api) {
    const auto path = read_path(reader, "api", Daemon{}.api.c_str());
    if (!path) return;
    if (path->size() > kLongestSocketPath) {
        reader.complain(reader.find("api")->at, reader.subject("api") + " is a path of " +
                                                    std::to_string(path->size()) +
                                                    " bytes; a Unix socket's may have at most " +
                                                    std::to_string(kLongestSocketPath));
    } else {
        api = *path;
    }
}

} // namespace

Daemon read_daemon(const Node &table, Complaints &complaints) {
    static constexpr Choice<Memory> kMemories[] = {
        {"auto", Memory::AUTO}, {"hugepages", Memory::HUGEPAGES}, {"none", Memory::NONE}};
    static constexpr Choice<Poll> kPolls[] = {{"adaptive", Poll::ADAPTIVE}, {"busy", Poll::BUSY}};
    static constexpr Choice<const char *> kLogs[] = {
        {"error", "error"}, {"warning", "warning"}, {"info", "info"}, {"debug", "debug"}};

    Daemon daemon;
    TableReader reader(table, {"in [daemon]", "[daemon]", ""}, complaints);
    daemon.workers = read_workers(reader);
    if (const auto memory = reader.choice("memory", kMemories)) daemon.memory = *memory;
    daemon.buffers = read_buffers(reader);
    if (const auto megabytes = reader.integer("memory_mb", 0, kMostMemoryMb)) {
        daemon.memory_mb = static_cast<unsigned>(*megabytes);
    }
    if (const auto poll = reader.choice("poll", kPolls)) daemon.poll = *poll;
    read_api(reader, daemon.api);
    if (const auto log = reader.choice("log", kLogs)) daemon.log = *log;
    daemon.record = read_path(reader, "record", "/var/log/lagg.record").value_or(daemon.record);
    if (const auto arguments = reader.texts("eal", "[\"--log-level=8\"]")) {
        for (const PlacedText &argument : *arguments) {
            if (const auto good = check_eal_argument(argument.text); !good)
                reader.complain(argument.at, good.error().message);
            else
                daemon.eal.push_back(argument.text);
        }
    }
    reader.reject_unknown();
    return daemon;
}

} // namespace lagg::config
