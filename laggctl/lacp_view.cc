// `laggctl show lacp`: what is in force, then three tables that fit a terminal, a line a port each:
// the machines, the other end, the counters.
#include "laggctl/views.hh"

#include "laggctl/port_words.hh"
#include "laggctl/table.hh"

#include <fmt/format.h>

namespace lagg::ctl {
namespace {

using api::LacpEnd;
using api::LacpPort;
using api::LacpSystem;
using api::Lagg;
using api::Port;
using lacp::kPortCounters;
using lacp::PortCounter;
using lacp::PortCounters;

std::string system_text(const LacpEnd &end) {
    return fmt::format("{},{}", end.system_priority, end.system);
}

std::string port_text(const LacpEnd &end) {
    return fmt::format("{},{}", end.port_priority, end.port);
}

std::string last(const std::optional<double> &seconds) {
    return seconds ? duration_text(*seconds) : "never";
}

std::string churn_text(const std::string &state, uint32_t count) {
    return count == 0 ? state : fmt::format("{} ({})", state, count);
}

std::string limits_text(const Lagg &lagg, const LacpSystem &lacp) {
    return fmt::format("{},{}, key {}, {} mux, {}, min_links {}, {}", lacp.system_priority,
                       lacp.system, lacp.key, lacp.coupled ? "coupled" : "independent",
                       lacp.strict ? "strict" : "not strict", lagg.min_links,
                       lacp.max_links ? fmt::format("max_links {}", lacp.max_links)
                                      : "no max_links");
}

std::string policy_text(const LacpSystem &lacp) {
    std::string fallback = "no fallback";
    if (lacp.fallback != "none")
        fallback = fmt::format("fallback {} {}", lacp.fallback,
                               lacp.fallback_active
                                   ? "is ACTIVE"
                                   : fmt::format("after {} s", lacp.fallback_timeout_seconds));
    const std::string restored = lacp.wait_to_restore_seconds
                                     ? fmt::format("after {} s", lacp.wait_to_restore_seconds)
                                     : "at once";
    return fmt::format("select {}, {}, restored {}, {}, churn after {} s", lacp.select,
                       lacp.revertive ? "revertive" : "not revertive", restored, fallback,
                       lacp.churn_time_seconds);
}

std::string partner_text(const Lagg &lagg) {
    for (const Port &port : lagg.ports)
        if (port.lacp && port.lacp->aggregator == lagg.active_aggregator &&
            !lagg.partner_system.empty())
            return fmt::format("{}, key {}, on aggregator {}", system_text(port.lacp->partner),
                               port.lacp->partner.key, lagg.active_aggregator);
    return "none";
}

std::string head_text(const Lagg &lagg) {
    std::string text = printable(lagg.name + "  " + lacp_mode_text(lagg)) + "\n";
    const auto line = [&text](const char *key, const std::string &value) {
        text += fmt::format("  {:<7}  {}\n", key, printable(value));
    };
    if (lagg.lacp) {
        line("system", limits_text(lagg, *lagg.lacp));
        line("policy", policy_text(*lagg.lacp));
    }
    line("partner", partner_text(lagg));
    return text;
}

std::string machines_text(const Lagg &lagg) {
    Table table({{"PORT"},
                 {"LINK"},
                 {"TRAFFIC"},
                 {"AGG", Align::RIGHT},
                 {"SELECTED"},
                 {"RX"},
                 {"PERIODIC"},
                 {"MUX"},
                 {"ACTOR"},
                 {"PARTNER"}});
    for (const Port &port : lagg.ports) {
        if (!port.lacp) {
            table.row({port.name, link_text(port), traffic_text(port), "", "", "", "", "", "", ""});
            continue;
        }
        const LacpPort &lacp = *port.lacp;
        table.row({port.name, link_text(port), traffic_text(port), std::to_string(lacp.aggregator),
                   lacp.machines.selected.text(), lacp.machines.rx.text(),
                   lacp.machines.periodic.text(), lacp.machines.mux.text(), lacp.actor.flags.text(),
                   lacp.partner.flags.text()});
    }
    return table.text(kIndent);
}

std::string ends_text(const Lagg &lagg) {
    Table table({{"PORT"},
                 {"PORT-ID"},
                 {"PARTNER-SYSTEM"},
                 {"KEY", Align::RIGHT},
                 {"PARTNER-PORT"},
                 {"LAST-TX", Align::RIGHT},
                 {"LAST-RX", Align::RIGHT},
                 {"SINCE", Align::RIGHT},
                 {"MUX-CHANGED-BECAUSE"}});
    for (const Port &port : lagg.ports) {
        if (!port.lacp) continue;
        const LacpPort &lacp = *port.lacp;
        table.row({port.name, port_text(lacp.actor), system_text(lacp.partner),
                   std::to_string(lacp.partner.key), port_text(lacp.partner),
                   last(lacp.last_tx_seconds), last(lacp.last_rx_seconds),
                   duration_text(lacp.last_change_seconds), lacp.last_change_reason});
    }
    return table.text(kIndent);
}

std::string counter_text(const LacpPort &lacp, uint64_t PortCounters::*cell) {
    if (cell == &PortCounters::marker_response_pdus_rx && lacp.ignores_markers) return "ignored";
    const std::string count = std::to_string(lacp.counters.*cell);
    if (cell != &PortCounters::lacpdus_tx || lacp.lacpdus_unsent == 0) return count;
    return fmt::format("{} ({} unsent)", count, lacp.lacpdus_unsent);
}

std::string lacp_counters_text(const Lagg &lagg) {
    std::vector<Column> columns{{"PORT"}};
    for (const PortCounter &counter : kPortCounters)
        columns.push_back({counter.title, Align::RIGHT});
    columns.push_back({"ACTOR-CHURN"});
    columns.push_back({"PARTNER-CHURN"});
    Table table(std::move(columns));
    for (const Port &port : lagg.ports) {
        if (!port.lacp) continue;
        const LacpPort &lacp = *port.lacp;
        std::vector<std::string> cells{port.name};
        for (const PortCounter &counter : kPortCounters)
            cells.push_back(counter_text(lacp, counter.cell));
        cells.push_back(churn_text(lacp.machines.actor_churn.text(), lacp.actor_churn_count));
        cells.push_back(churn_text(lacp.machines.partner_churn.text(), lacp.partner_churn_count));
        table.row(std::move(cells));
    }
    return table.text(kIndent);
}

} // namespace

std::string render_lacp(const Lagg &lagg) {
    if (lagg.protocol != api::Protocol::LACP)
        return printable(fmt::format("{}  {}: no LACP here", lagg.name, protocol_text(lagg))) +
               "\n";
    return with_warnings(
        head_text(lagg) + machines_text(lagg) + ends_text(lagg) + lacp_counters_text(lagg), lagg);
}

} // namespace lagg::ctl
