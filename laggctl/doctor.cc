// See doctor.hh.
#include "laggctl/doctor.hh"

#include "control/config/load.hh"
#include "laggctl/table.hh"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>

namespace lagg::ctl {
namespace {

using host::Finding;
using host::Level;

const char *word_of(Level level) {
    switch (level) {
    case Level::OK: return "ok";
    case Level::UNSEEN: return "?";
    case Level::WARN: return "warn";
    case Level::WRONG: return "WRONG";
    }
    return "";
}

size_t count(const std::vector<Examined> &examined, Level level) {
    size_t number = 0;
    for (const Examined &one : examined)
        number += static_cast<size_t>(std::ranges::count(one.findings, level, &Finding::level));
    return number;
}

std::string summary(const std::vector<Examined> &examined) {
    const size_t wrong = count(examined, Level::WRONG);
    const size_t warned = count(examined, Level::WARN);
    const size_t unseen = count(examined, Level::UNSEEN);
    std::string text = wrong == 0 ? "nothing is wrong" : fmt::format("{} wrong", wrong);
    if (warned != 0) text += fmt::format(", {} warning{}", warned, warned == 1 ? "" : "s");
    if (unseen != 0) text += fmt::format(", {} not seen", unseen);
    return text + "\n";
}

} // namespace

std::vector<Examined> examine(const host::Machine &machine, const config::Config &config) {
    std::vector<Examined> examined{{"machine", "", check_machine(machine, config)}};
    for (const config::Port &port : config.ports)
        examined.push_back({port.name, port.device, check_port(machine, config, port)});
    return examined;
}

std::vector<Examined> examine_every_nic(const host::Machine &machine, config::Config config) {
    config.ports = ports_of_every_nic(machine);
    std::vector<Examined> examined = examine(machine, config);
    for (size_t i = 1; i < examined.size(); ++i)
        for (Finding &finding : examined[i].findings)
            if (finding.level == Level::WRONG) finding.level = Level::WARN;
    return examined;
}

std::string render_examined(const std::vector<Examined> &examined) {
    std::string text;
    for (const Examined &one : examined) {
        text += printable(one.device.empty() ? one.name : one.name + "  " + one.device) + "\n";
        for (const Finding &finding : one.findings) {
            text += fmt::format("  {:<5}  {:<9}  {}\n", word_of(finding.level), finding.check,
                                printable(finding.says));
            for (const std::string &line : finding.mend)
                text += fmt::format("  {:<5}  {:<9}    {}\n", "", "", printable(line));
        }
    }
    return text + summary(examined);
}

std::string examined_as_json(const std::vector<Examined> &examined) {
    using nlohmann::json;
    json all = json::array();
    for (const Examined &one : examined) {
        json checks = json::array();
        for (const Finding &finding : one.findings)
            checks.push_back({{"check", finding.check},
                              {"level", to_text(finding.level)},
                              {"says", finding.says},
                              {"mend", finding.mend}});
        all.push_back({{"name", one.name}, {"device", one.device}, {"checks", std::move(checks)}});
    }
    return json_text(all);
}

Outcome run_doctor(const std::string &config_file, bool file_was_named, bool as_json) {
    const host::Machine machine = host::read_machine();
    config::Config config;
    std::error_code ignored;
    if (file_was_named || std::filesystem::exists(config_file, ignored)) {
        config::Loaded loaded = config::load(config_file);
        if (const auto *mistakes = std::get_if<config::Mistakes>(&loaded)) {
            std::string lines;
            for (const config::Mistake &mistake : mistakes->list)
                lines += (lines.empty() ? "" : "\n") + config::to_string(mistake);
            return to_outcome({ExitCode::INVALID_CONFIG, lines}, as_json);
        }
        config = std::get<config::Config>(std::move(loaded));
    }
    const std::vector<Examined> examined =
        config.ports.empty() ? examine_every_nic(machine, config) : examine(machine, config);
    return {count(examined, Level::WRONG) == 0 ? ExitCode::OK : ExitCode::UNFIT,
            as_json ? examined_as_json(examined) : render_examined(examined),
            {}};
}

} // namespace lagg::ctl
