// One place where failures take their printed form.
#include "laggctl/outcome.hh"

#include "dataplane/base/wording.hh"
#include "laggctl/table.hh"

#include <fmt/format.h>
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
    return {failure.code, json_text(json{{"error", error}}), {}};
}

std::string json_text(const nlohmann::json &document) {
    const std::string text =
        document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return replace_hidden(text, [](char32_t code) {
        return code == '\n' ? std::string("\n") : fmt::format("\\u{:04x}", uint32_t{code});
    });
}

} // namespace lagg::ctl
