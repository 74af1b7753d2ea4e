#include "laggd/candidate.hh"

#include "control/recording/recorder.hh"
#include "laggd/checked_load.hh"
#include "laggd/cpus.hh"
#include "laggd/load_policies.hh"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace lagg::daemon {

namespace {

using Purpose = Situation::Purpose;
using List = std::vector<config::Mistake>;

List listed(std::optional<config::Mistake> mistake) {
    return mistake ? List{*std::move(mistake)} : List{};
}

/// What would keep the daemon from starting: the cores this process may use, and the files that the
/// configuration names.
List check_start(const Candidate &candidate, const std::string &file) {
    List mistakes;
    const auto refuse = [&](const char *path, const Error &error) {
        const config::Position at = candidate.positions.near(path);
        mistakes.push_back({file, at.line, at.column, error.message});
    };
    const config::Daemon &daemon = candidate.config.daemon;
    if (const auto cpus = worker_cpus(daemon.workers); !cpus)
        refuse("daemon.workers", cpus.error());
    if (!daemon.record.empty())
        if (const auto good = recording::Recorder::can_open(daemon.record); !good)
            refuse("daemon.record", good.error());
    std::ranges::move(check_policies(candidate.config, file, candidate.positions),
                      std::back_inserter(mistakes));
    return mistakes;
}

List check_all(Candidate &candidate, const std::string &file) {
    List mistakes = check_start(candidate, file);
    if (!mistakes.empty()) return mistakes;
    MachineNotes notes = check_machine(candidate.config, file, candidate.positions);
    candidate.warnings = std::move(notes.warnings);
    return std::move(notes.mistakes);
}

List check_for(const Situation &situation, Candidate &candidate, const std::string &file) {
    switch (situation.purpose) {
    case Purpose::START: return listed(check_buffers(candidate.config, file, candidate.positions));
    case Purpose::RELOAD:
        return listed(check_buffers_made(situation.begun, situation.running, candidate.config, file,
                                         candidate.positions));
    case Purpose::CHECK: return check_all(candidate, file);
    }
    assert(false);
    return {};
}

} // namespace

std::variant<Candidate, config::Mistakes> read_candidate(const std::string &file,
                                                         const Situation &situation) {
    Candidate candidate;
    config::Loaded loaded =
        situation.purpose == Purpose::START
            ? config::load(file, &candidate.positions)
            : load_and_find_devices(file, situation.running, candidate.positions);
    if (auto *mistakes = std::get_if<config::Mistakes>(&loaded)) return std::move(*mistakes);
    candidate.config = std::get<config::Config>(std::move(loaded));
    if (List mistakes = check_for(situation, candidate, file); !mistakes.empty())
        return config::Mistakes{std::move(mistakes)};
    if (situation.purpose == Purpose::RELOAD)
        candidate.differences = config::differences(situation.running, candidate.config);
    return candidate;
}

} // namespace lagg::daemon
