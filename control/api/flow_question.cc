#include "control/api/flow_question.hh"

#include "control/api/fields.hh"
#include "control/api/json.hh"
#include "control/api/nearest.hh"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace lagg::api {

using nlohmann::json;

namespace {

std::vector<std::string> known_keys() {
    std::vector<std::string> keys;
    FlowQuestion question;
    for_each_field(question, [&](const char *name, auto &) { keys.emplace_back(name); });
    return keys;
}

Error unknown(const std::string &key, const std::vector<std::string> &keys) {
    const std::string near = nearest(key, keys);
    std::string message = "a flow has no \"" + key + "\"; ";
    if (!near.empty()) return {message + "did you mean " + near + "?"};
    message += "it has ";
    for (const std::string &each : keys)
        message += (&each == keys.data() ? "" : ", ") + each;
    return {message};
}

} // namespace

Result<FlowQuestion> flow_question(const json &body) {
    if (!body.is_object())
        return Error{
            R"(the body must be a flow, such as {"src": "192.0.2.1", "dst": "192.0.2.2"})"};
    const std::vector<std::string> keys = known_keys();
    json texts = json::object();
    for (const auto &[key, value] : body.items()) {
        if (std::ranges::find(keys, key) == keys.end()) return unknown(key, keys);
        if (value.is_null()) continue;
        if (!value.is_string() && !value.is_number_unsigned())
            return Error{"'" + key + "' must be a string or a number that is not negative"};
        texts[key] = value.is_string() ? value.get<std::string>() : value.dump();
    }
    return texts.get<FlowQuestion>();
}

} // namespace lagg::api
