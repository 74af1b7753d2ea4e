// With --json the daemon's document is passed on whole, so that what a newer daemon says is not
// lost on an older client; text is rendered from the structs.
#include "laggctl/run.hh"

#include "control/api/json.hh"
#include "control/api/nearest.hh"
#include "laggctl/client.hh"
#include "laggctl/doctor.hh"
#include "laggctl/render.hh"
#include "laggctl/table.hh"
#include "laggctl/why.hh"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <optional>

namespace lagg::ctl {
namespace {

using nlohmann::json;

constexpr long kHttpOk = 200;
constexpr long kHttpBadRequest = 400;
constexpr long kHttpNotFound = 404;
constexpr long kHttpUnprocessable = 422;

std::string path_of(const CommandLine &command) {
    const std::string lagg = "/v1/laggs/" + Client::escaped(command.lagg);
    const std::string port = lagg + "/ports/" + Client::escaped(command.port);
    switch (command.verb) {
    case Verb::SUMMARY: return "/v1/laggs";
    case Verb::SHOW: return command.lagg.empty() ? "/v1/laggs" : lagg;
    case Verb::STATUS: return "/v1/status";
    case Verb::RELOAD: return "/v1/reload";
    case Verb::WHY: return lagg;
    case Verb::HASH: return lagg + "/hash";
    case Verb::PDUS:
    case Verb::HISTORY: return port + "/lacp";
    case Verb::XSTATS: return port + "/xstats";
    case Verb::SWITCH: return port + "/" + command.port_switch->word;
    case Verb::DOCTOR: break; // asks no daemon
    }
    return {};
}

bool posts(Verb verb) {
    return verb == Verb::RELOAD || verb == Verb::HASH || verb == Verb::SWITCH;
}

// An argument need not be UTF-8; the daemon then refuses it as it refuses any wrong value.
std::string body_of(const CommandLine &command) {
    if (command.verb == Verb::SWITCH) return json{{"on", command.on}}.dump();
    if (command.verb == Verb::HASH)
        return json(command.flow).dump(-1, ' ', false, json::error_handler_t::replace);
    return {};
}

ExitCode exit_code_of(long status, const CommandLine &command) {
    if (status == kHttpNotFound && !command.lagg.empty()) return ExitCode::NO_SUCH_OBJECT;
    if (status == kHttpBadRequest && command.verb == Verb::HASH) return ExitCode::USAGE;
    if (status == kHttpUnprocessable && command.verb == Verb::RELOAD)
        return ExitCode::INVALID_CONFIG;
    return ExitCode::FAILED;
}

// The daemon's refusal. An answer without our error document comes from the HTTP library.
Failure refusal(const Response &response, const CommandLine &command) {
    const ExitCode code = exit_code_of(response.status, command);
    const json body = json::parse(response.body, nullptr, false);
    const auto error = body.is_object() ? body.find("error") : body.end();
    if (error == body.end() || !error->is_object())
        return {code, "laggd refused with HTTP status " + std::to_string(response.status)};
    Failure failure{code, error->value("message", "laggd gave no reason"),
                    error->value("nearest", "")};
    // `show lcap`: a single word may have been meant as a view.
    if (code == ExitCode::NO_SUCH_OBJECT && command.verb == Verb::SHOW && failure.nearest.empty()) {
        std::vector<std::string> views;
        for (const auto &[name, view] : kViewNames)
            views.emplace_back(name);
        failure.nearest = api::nearest(command.lagg, views);
    }
    return failure;
}

Outcome answer_why(const json &body, const CommandLine &command) {
    const auto lagg = body.get<api::Lagg>();
    std::vector<std::string> names;
    std::string text;
    json list = json::array();
    bool all = true;
    for (size_t i = 0; i < lagg.ports.size(); ++i) {
        const api::Port &port = lagg.ports[i];
        names.push_back(port.name);
        if (!command.port.empty() && command.port != port.name) continue;
        list.push_back(why_of(body, body.at("ports").at(i)));
        text += (text.empty() ? "" : "\n") + render_why(lagg, port);
        all = all && port.why && port.why->carries;
    }
    if (list.empty() && !command.port.empty())
        return to_outcome({ExitCode::NO_SUCH_OBJECT,
                           lagg.name + " has no port \"" + command.port + "\"",
                           api::nearest(command.port, names)},
                          command.as_json);
    if (list.empty()) text = printable(lagg.name) + " has no ports.\n";
    return {all && !list.empty() ? ExitCode::OK : ExitCode::NO_TRAFFIC,
            command.as_json ? json_text(command.port.empty() ? list : list.at(0)) : text,
            {}};
}

std::string rendered(const json &body, const CommandLine &command) {
    switch (command.verb) {
    case Verb::SUMMARY: return render_summary(body.get<std::vector<api::Lagg>>());
    case Verb::SHOW:
        return render_show(command.lagg.empty() ? body.get<std::vector<api::Lagg>>()
                                                : std::vector<api::Lagg>{body.get<api::Lagg>()},
                           command.view);
    case Verb::STATUS: return render_status(body.get<api::Status>());
    case Verb::HASH: return render_flow(body.get<api::FlowAnswer>());
    case Verb::PDUS: return render_pdus(body.get<api::PortHistory>(), command.as_hex);
    case Verb::HISTORY: return render_history(body.get<api::PortHistory>());
    case Verb::XSTATS: return render_extended_counters(body.get<api::ExtendedCounters>());
    case Verb::WHY:
    case Verb::RELOAD:
    case Verb::DOCTOR:
    case Verb::SWITCH: return printable_lines(body.at("message").get<std::string>()) + "\n";
    }
    return {};
}

/// -j gives the part of a port's history that was asked for.
json part_of(const json &body, const CommandLine &command) {
    if (command.verb == Verb::PDUS) return body.at("pdus");
    if (command.verb == Verb::HISTORY) return body.at("transitions");
    return body;
}

/// A port belongs to one lagg at most, so its name is enough. Nothing when `command` has a lagg by
/// then.
std::optional<Failure> find_lagg(const Client &client, CommandLine &command) {
    const auto answer = client.request(Method::GET, "/v1/laggs");
    if (const auto *failure = std::get_if<Failure>(&answer)) return *failure;
    const Response &response = std::get<Response>(answer);
    if (response.status != kHttpOk) return refusal(response, command);
    std::vector<std::string> names;
    for (const auto &lagg : json::parse(response.body).get<std::vector<api::Lagg>>())
        for (const api::Port &port : lagg.ports) {
            names.push_back(port.name);
            if (port.name == command.port) command.lagg = lagg.name;
        }
    if (!command.lagg.empty()) return std::nullopt;
    return Failure{ExitCode::NO_SUCH_OBJECT, "no lagg has a port \"" + command.port + "\"",
                   api::nearest(command.port, names)};
}

Outcome carry_out(const Client &client, CommandLine command) {
    if (command.lagg.empty() && !command.port.empty())
        if (const auto failure = find_lagg(client, command))
            return to_outcome(*failure, command.as_json);
    const auto answer = client.request(posts(command.verb) ? Method::POST : Method::GET,
                                       path_of(command), body_of(command));
    if (const auto *failure = std::get_if<Failure>(&answer))
        return to_outcome(*failure, command.as_json);
    const Response &response = std::get<Response>(answer);
    if (response.status != kHttpOk) return to_outcome(refusal(response, command), command.as_json);
    const json body = json::parse(response.body);
    if (command.verb == Verb::WHY) return answer_why(body, command);
    return {ExitCode::OK,
            command.as_json ? json_text(part_of(body, command)) : rendered(body, command),
            {}};
}

} // namespace

Outcome run(const CommandLine &command) {
    if (command.verb == Verb::DOCTOR)
        return run_doctor(command.config_file, command.config_was_named, command.as_json);
    try {
        return carry_out(Client(command.socket, command.timeout), command);
    } catch (const json::exception &error) {
        return to_outcome(
            {ExitCode::FAILED,
             "laggd on " + command.socket + " gave an answer that makes no sense: " + error.what()},
            command.as_json);
    }
}

} // namespace lagg::ctl
