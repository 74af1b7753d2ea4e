#include "laggd/reload.hh"

#include "laggd/candidate.hh"
#include "laggd/descriptors.hh"
#include "laggd/load_policies.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace lagg::daemon {

namespace {

Error in_lines(const config::Mistakes &mistakes) {
    std::string text;
    for (const config::Mistake &mistake : mistakes.list)
        text += (text.empty() ? "" : "\n") + config::to_string(mistake);
    return Error{text};
}

/// True when something changed.
Result<bool> put_into_effect(const Candidate &candidate, const std::string &file,
                             Supervisor &supervisor) {
    for (const std::string &key : config::waiting_keys(candidate.differences))
        spdlog::warn("[daemon] {} changed and takes effect at the next start", key);
    if (const Result<void> room = make_room_for_files(candidate.config); !room) return room.error();
    Result<PoliciesOfLaggs> policies =
        load_policies(candidate.config, supervisor.running().policies, file, candidate.positions);
    if (!policies) return policies.error();
    return supervisor.reload(candidate.config, *std::move(policies));
}

} // namespace

Result<std::string> reload_file(const std::string &file, const config::Config &begun,
                                Supervisor &supervisor, LastReload &last) {
    const auto read = read_candidate(file, {.purpose = Situation::Purpose::RELOAD,
                                            .begun = begun,
                                            .running = supervisor.running().config});
    const auto *mistakes = std::get_if<config::Mistakes>(&read);
    const Result<bool> changed = mistakes != nullptr
                                     ? Result<bool>(in_lines(*mistakes))
                                     : put_into_effect(std::get<Candidate>(read), file, supervisor);
    if (!changed) {
        const std::string &why = changed.error().message;
        for (size_t begin = 0; begin <= why.size();) {
            const size_t end = std::min(why.find('\n', begin), why.size());
            spdlog::error("{}", why.substr(begin, end - begin));
            begin = end + 1;
        }
        spdlog::error("{} was refused and nothing changed", file);
        last.set(why);
        return changed.error();
    }
    if (!*changed) {
        spdlog::info("reloaded {}: nothing to change", file);
        last.set("ok");
        return fmt::format("{}: nothing to change", file);
    }
    std::string left_out;
    for (const auto &[port, reason] : supervisor.running().failed)
        left_out += "; left out for now: " + reason;
    last.set("ok" + left_out);
    spdlog::info("reloaded {}{}", file, left_out);
    return fmt::format("{}: done{}", file, left_out);
}

} // namespace lagg::daemon
