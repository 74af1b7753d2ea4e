// One place where failures take their printed form.
#include "control/ctl/outcome.hh"

#include "control/ctl/table.hh"

#include <nlohmann/json.hpp>

namespace lagg::ctl {

Outcome to_outcome(const Failure &failure, bool as_json) {
    // A refused configuration has one line for each mistake.
    if (!as_json) {
        std::string text = "laggctl: " + printable_lines(failure.message);
        if (!failure.nearest.empty()) text += "; did you mean " + printable(failure.nearest) + "?";
        return {failure.code, {}, text + "\n"};
    }
    using nlohmann::json;
    json error{{"message", failure.message}, {"exit_code", static_cast<int>(failure.code)}};
    if (!failure.nearest.empty()) error["nearest"] = failure.nearest;
    return {failure.code,
            json{{"error", error}}.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
            {}};
}

} // namespace lagg::ctl
