#include "laggd/load_policies.hh"

#include "dataplane/bpf/object.hh"
#include "dataplane/files/files.hh"

#include <fmt/format.h>

#include <chrono>

namespace lagg::daemon {

namespace {

/// For all filters of a file; SIGTERM waits for as long.
constexpr std::chrono::seconds kCompileLimit(3);
const Error kTooLong{fmt::format("the filters until here took longer than {} s to compile; write "
                                 "fewer, or simpler ones",
                                 kCompileLimit.count())};

/// Empty where it cannot be read; Program::load() says why.
std::string content_of(const std::string &path) {
    Result<std::string> content = read_file(path, bpf::kMostObjectBytes);
    return content ? *std::move(content) : std::string();
}

config::Mistake mistake(const std::string &file, config::Position at, const std::string &lagg,
                        const Error &error) {
    return {file, at.line, at.column, fmt::format("{}: {}", lagg, error.message)};
}

config::Position place_of_program(const config::Positions &positions, const config::Config &config,
                                  const config::Lagg &lagg) {
    return positions.of(config::lagg_path(config, lagg.name) + ".hash.bpf");
}

config::Position place_of_filter(const config::Positions &positions, const config::Config &config,
                                 const config::Lagg &lagg, size_t rule) {
    return positions.of(config::lagg_path(config, lagg.name) + "." +
                        config::item_path("rules", rule) + ".filter");
}

/// The content is read first: a file that is exchanged between the two is read again by the next
/// reload.
Result<void> load_program(const std::string &path, const LoadedPolicies *running,
                          LoadedPolicies &into) {
    into.content = content_of(path);
    const bool known = running != nullptr && running->policies.program != nullptr &&
                       running->policies.program->path() == path &&
                       running->content == into.content;
    if (known) {
        into.policies.program = running->policies.program;
        return {};
    }
    auto program = bpf::Program::load(path);
    if (!program) return program.error();
    into.policies.program = std::move(*program);
    return {};
}

} // namespace

Result<PoliciesOfLaggs> load_policies(const config::Config &config, const PoliciesOfLaggs &running,
                                      const std::string &file, const config::Positions &positions) {
    PoliciesOfLaggs loaded;
    const auto end = std::chrono::steady_clock::now() + kCompileLimit;
    const auto refused = [&](config::Position at, const std::string &lagg, const Error &error) {
        return Error{config::to_string(mistake(file, at, lagg, error))};
    };
    for (const config::Lagg &lagg : config.laggs) {
        LoadedPolicies &into = loaded[lagg.name];
        const auto before = running.find(lagg.name);
        const LoadedPolicies *known = before == running.end() ? nullptr : &before->second;
        if (!lagg.hash.bpf.empty())
            if (const auto done = load_program(lagg.hash.bpf, known, into); !done)
                return refused(place_of_program(positions, config, lagg), lagg.name, done.error());
        for (size_t i = 0; i < lagg.rules.size(); ++i) {
            auto filter = bpf::Filter::compile(lagg.rules[i].filter);
            if (!filter)
                return refused(place_of_filter(positions, config, lagg, i), lagg.name,
                               filter.error());
            if (std::chrono::steady_clock::now() > end)
                return refused(place_of_filter(positions, config, lagg, i), lagg.name, kTooLong);
            into.policies.rules.push_back({std::move(*filter), lagg.rules[i].port});
        }
    }
    return loaded;
}

std::vector<config::Mistake> check_policies(const config::Config &config, const std::string &file,
                                            const config::Positions &positions) {
    std::vector<config::Mistake> mistakes;
    for (const config::Lagg &lagg : config.laggs) {
        if (!lagg.hash.bpf.empty())
            if (const auto program = bpf::Program::load(lagg.hash.bpf); !program)
                mistakes.push_back(mistake(file, place_of_program(positions, config, lagg),
                                           lagg.name, program.error()));
        for (size_t i = 0; i < lagg.rules.size(); ++i)
            if (const auto good = bpf::Filter::check(lagg.rules[i].filter); !good)
                mistakes.push_back(mistake(file, place_of_filter(positions, config, lagg, i),
                                           lagg.name, good.error()));
    }
    return mistakes;
}

} // namespace lagg::daemon
