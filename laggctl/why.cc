#include "laggctl/why.hh"

#include "laggctl/table.hh"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace lagg::ctl {

using nlohmann::json;

std::string render_why(const api::Lagg &lagg, const api::Port &port) {
    std::string text = printable(lagg.name + "  " + port.name) + "\n";
    if (!port.why) return text + "laggd does not say; it is older than laggctl.\n";
    const api::Why &why = *port.why;
    for (const api::WhyStep &step : why.steps)
        text += fmt::format("  {:<5}  {:<14}  {}\n", step.ok ? "ok" : "WRONG",
                            printable(step.check), printable(step.says));
    std::string end = why.carries ? port.name + " carries traffic"
                                  : port.name + " carries no traffic: " + why.reason;
    if (!end.ends_with('?')) end += '.';
    text += printable(end) + (why.advice.empty() ? "" : " " + printable(why.advice)) + "\n";
    return text;
}

json why_of(const json &lagg, const json &port) {
    json why = port.value("why", json::object());
    if (!why.is_object()) why = json::object();
    why["lagg"] = lagg.at("name");
    why["port"] = port.at("name");
    return why;
}

} // namespace lagg::ctl
