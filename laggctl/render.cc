// The table of all laggs, the daemon's page, and the views of `show` one after another.
#include "laggctl/render.hh"

#include "laggctl/port_words.hh"
#include "laggctl/table.hh"
#include "laggctl/views.hh"

#include <fmt/format.h>

#include <algorithm>

namespace lagg::ctl {
namespace {

using api::Lagg;

constexpr const char *kNoLaggs = "no lagg is configured\n";
constexpr const char *kFlagsLegend =
    "Flags: A activity  S short timeout  G aggregatable  N in sync  C collecting  D distributing  "
    "F defaulted  E expired\n";

std::string render_view(const Lagg &lagg, View view) {
    switch (view) {
    case View::OVERVIEW: return render_overview(lagg);
    case View::LACP: return render_lacp(lagg);
    case View::PORTS: return render_ports(lagg);
    case View::LINKS: return render_links(lagg);
    case View::COUNTERS: return render_counters(lagg);
    case View::HASH: return render_hash(lagg);
    }
    return {};
}

// "1 UP, 2 DOWN", states in order of first appearance.
std::string states_text(const std::vector<Lagg> &laggs) {
    std::vector<std::pair<std::string, unsigned>> counts;
    for (const Lagg &lagg : laggs) {
        const auto known = std::find_if(counts.begin(), counts.end(), [&](const auto &each) {
            return each.first == lagg.state.text();
        });
        if (known == counts.end())
            counts.emplace_back(lagg.state.text(), 1);
        else
            ++known->second;
    }
    std::string text;
    for (const auto &[state, count] : counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
    return text.empty() ? "none" : text;
}

} // namespace

std::string render_summary(const std::vector<Lagg> &laggs) {
    if (laggs.empty()) return kNoLaggs;
    Table table({{"NAME"},
                 {"PROTO"},
                 {"STATE"},
                 {"PORTS"},
                 {"SPEED"},
                 {"MTU"},
                 {"HASH"},
                 {"PARTNER"},
                 {"UPPER"},
                 {"DESCRIPTION"}});
    for (const Lagg &lagg : laggs) {
        table.row({lagg.name, protocol_text(lagg), lagg.state.text(),
                   fmt::format("{}/{}", distributing_ports(lagg), lagg.ports.size()),
                   speed_text(lagg.speed_mbps), std::to_string(lagg.mtu),
                   uses_hash(lagg.protocol) ? lagg.hash_policy : "", lagg.partner_system,
                   lagg.upper, lagg.description});
        for (const std::string &line : lagg.warnings)
            table.note("  ! " + line);
    }
    return table.text();
}

std::string render_show(const std::vector<Lagg> &laggs, View view) {
    if (laggs.empty()) return kNoLaggs;
    std::string text;
    for (const Lagg &lagg : laggs)
        text += (text.empty() ? "" : "\n") + render_view(lagg, view);
    const bool has_flags =
        view == View::LACP && std::any_of(laggs.begin(), laggs.end(), [](const Lagg &lagg) {
            return lagg.protocol == api::Protocol::LACP;
        });
    return has_flags ? text + kFlagsLegend : text;
}

std::string render_status(const api::Status &status) {
    std::string text = printable(fmt::format("laggd {}  pid {}, up for {}", status.version,
                                             status.pid, duration_text(status.uptime_seconds))) +
                       "\n";
    const auto line = [&text](const char *key, const std::string &value) {
        text += fmt::format("  {:<7}  {}\n", key, value.empty() ? "-" : printable(value));
    };
    line("config", status.config_file);
    line("reload", status.last_reload);
    line("memory", status.memory);
    line("buffers", fmt::format("{} of {} free", status.buffers_free, status.buffers_total));
    for (const api::Worker &worker : status.workers) {
        const double busy = worker.loops ? 100.0 * static_cast<double>(worker.busy_loops) /
                                               static_cast<double>(worker.loops)
                                         : 0.0;
        line("worker", fmt::format("lcore {}, {} loops, {:.1f} % of them moved a packet",
                                   worker.lcore, worker.loops, busy));
    }
    line("laggs", states_text(status.laggs));
    return text;
}

} // namespace lagg::ctl
