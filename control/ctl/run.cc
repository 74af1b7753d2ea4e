// With --json the daemon's document is passed on whole, so that what a newer daemon says is not
// lost on an older client; text is rendered from the structs.
#include "control/ctl/run.hh"

#include "control/api/json.hh"
#include "control/api/nearest.hh"
#include "control/ctl/client.hh"
#include "control/ctl/render.hh"
#include "control/ctl/table.hh"

#include <nlohmann/json.hpp>

namespace lagg::ctl {
namespace {

using nlohmann::json;

constexpr long kHttpOk = 200;
constexpr long kHttpNotFound = 404;
constexpr long kHttpUnprocessable = 422;

std::string path_of(const CommandLine &command) {
    switch (command.verb) {
    case Verb::SUMMARY: return "/v1/laggs";
    case Verb::SHOW:
        return command.lagg.empty() ? "/v1/laggs" : "/v1/laggs/" + Client::escaped(command.lagg);
    case Verb::STATUS: return "/v1/status";
    case Verb::RELOAD: return "/v1/reload";
    }
    return {};
}

ExitCode exit_code_of(long status, const CommandLine &command) {
    if (status == kHttpNotFound && !command.lagg.empty()) return ExitCode::NO_SUCH_OBJECT;
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
    if (code == ExitCode::NO_SUCH_OBJECT && failure.nearest.empty()) {
        std::vector<std::string> views;
        for (const auto &[name, view] : kViewNames)
            views.emplace_back(name);
        failure.nearest = api::nearest(command.lagg, views);
    }
    return failure;
}

std::string rendered(const json &body, const CommandLine &command) {
    switch (command.verb) {
    case Verb::SUMMARY: return render_summary(body.get<std::vector<api::Lagg>>());
    case Verb::SHOW:
        return render_show(command.lagg.empty() ? body.get<std::vector<api::Lagg>>()
                                                : std::vector<api::Lagg>{body.get<api::Lagg>()},
                           command.view);
    case Verb::STATUS: return render_status(body.get<api::Status>());
    case Verb::RELOAD: return printable_lines(body.at("message").get<std::string>()) + "\n";
    }
    return {};
}

} // namespace

Outcome run(const CommandLine &command) {
    const Client client(command.socket, command.timeout);
    const auto answer =
        client.request(command.verb == Verb::RELOAD ? Method::POST : Method::GET, path_of(command));
    if (const auto *failure = std::get_if<Failure>(&answer))
        return to_outcome(*failure, command.as_json);
    const Response &response = std::get<Response>(answer);
    try {
        if (response.status != kHttpOk)
            return to_outcome(refusal(response, command), command.as_json);
        const json body = json::parse(response.body);
        return {ExitCode::OK, command.as_json ? body.dump(2) + "\n" : rendered(body, command), {}};
    } catch (const json::exception &error) {
        return to_outcome(
            {ExitCode::FAILED,
             "laggd on " + command.socket + " gave an answer that makes no sense: " + error.what()},
            command.as_json);
    }
}

} // namespace lagg::ctl
