#include "control/api/answer.hh"

#include "control/api/explain.hh"
#include "control/api/flow_question.hh"
#include "control/api/json.hh"
#include "control/api/nearest.hh"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>
#include <vector>

namespace lagg::api {
namespace {

using nlohmann::json;

Answer answer_with(int code, const json &body) {
    // A name from the configuration need not be UTF-8; a question mark beats an exception.
    return {code, body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"};
}

template <typename T> Answer served(const Result<T> &thing, int code_of_error) {
    return thing ? answer_with(kOk, json(*thing)) : refusal(code_of_error, thing.error().message);
}

template <typename Thing>
const Thing *find(const std::vector<Thing> &things, const std::string &name) {
    const auto found = std::find_if(things.begin(), things.end(),
                                    [&](const Thing &thing) { return thing.name == name; });
    return found == things.end() ? nullptr : &*found;
}

template <typename Thing>
Answer not_there(const std::string &sentence, const std::string &name,
                 const std::vector<Thing> &things) {
    std::vector<std::string> names;
    for (const Thing &thing : things)
        names.push_back(thing.name);
    return refusal(kNotFound, sentence + " \"" + name + "\"", nearest(name, names));
}

/// Nothing when the lagg, and the port where one is named, are there.
std::optional<Answer> refuse_names(const Route &route, const std::vector<Lagg> &laggs) {
    if (route.lagg.empty()) return std::nullopt;
    const Lagg *lagg = find(laggs, route.lagg);
    if (!lagg) return not_there("there is no lagg", route.lagg, laggs);
    if (route.port.empty() || find(lagg->ports, route.port)) return std::nullopt;
    return not_there(lagg->name + " has no port", route.port, lagg->ports);
}

/// "Discarded" where it is no JSON.
json parsed(std::string_view body) {
    return json::parse(body, nullptr, false);
}

Answer switch_port(const Route &route, const json &body, const Handlers &handlers) {
    const auto on = body.is_object() ? body.find("on") : body.end();
    if (on == body.end() || !on->is_boolean())
        return refusal(kBadRequest, R"(the body must be {"on": true} or {"on": false})");
    return told(handlers.switch_port({.what = route.port_switch,
                                      .lagg = route.lagg,
                                      .port = route.port,
                                      .on = on->get<bool>()}),
                kConflict);
}

Answer where_goes(const Route &route, const json &body, const Handlers &handlers) {
    const Result<FlowQuestion> question = flow_question(body);
    if (!question) return refusal(kBadRequest, question.error().message);
    return served(handlers.where_goes(route.lagg, *question), kBadRequest);
}

} // namespace

Answer refusal(int code, const std::string &message, const std::string &nearest_name) {
    json error{{"message", message}};
    if (!nearest_name.empty()) error["nearest"] = nearest_name;
    return answer_with(code, json{{"error", std::move(error)}});
}

Answer told(const Result<std::string> &sentence, int code_of_error) {
    return sentence ? answer_with(kOk, json{{"message", *sentence}})
                    : refusal(code_of_error, sentence.error().message);
}

Answer answer_to(const Route &route, std::string_view body, const Handlers &handlers) {
    Status status = handlers.status();
    if (auto refused = refuse_names(route, status.laggs)) return *std::move(refused);
    for (Lagg &lagg : status.laggs)
        explain(lagg);
    switch (route.resource) {
    case Resource::STATUS: return answer_with(kOk, json(status));
    case Resource::LAGGS: return answer_with(kOk, json(status.laggs));
    case Resource::LAGG: return answer_with(kOk, json(*find(status.laggs, route.lagg)));
    case Resource::PORT_LACP: return served(handlers.history(route.lagg, route.port), kConflict);
    case Resource::XSTATS: return served(handlers.xstats(route.lagg, route.port), kConflict);
    case Resource::FLOW: return where_goes(route, parsed(body), handlers);
    case Resource::SWITCH: return switch_port(route, parsed(body), handlers);
    case Resource::NOTHING:
    case Resource::RELOAD: break;
    }
    assert(false);
    return {};
}

} // namespace lagg::api
