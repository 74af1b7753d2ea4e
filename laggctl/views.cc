// Each view starts with the lagg's name and its own summary of it, then one line a port.
#include "laggctl/views.hh"

#include "laggctl/port_words.hh"
#include "laggctl/table.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lagg::ctl {
namespace {

using api::Counters;
using api::Lagg;
using api::Port;

std::string state_text(const Lagg &lagg) {
    std::string text =
        fmt::format("{}, {} of {} ports, {}, carrier {}, for {}", lagg.state.text(),
                    distributing_ports(lagg), lagg.ports.size(), speed_text(lagg.speed_mbps),
                    lagg.carrier ? "on" : "off", duration_text(lagg.last_change_seconds));
    if (!lagg.last_change_reason.empty()) text += ": " + lagg.last_change_reason;
    return text;
}

std::vector<std::string> counters_row(const std::string &name, const Counters &counters) {
    std::vector<std::string> cells{name};
    for (const auto cell : kDeviceCounterCells<uint64_t>)
        cells.push_back(std::to_string(counters.*cell));
    return cells;
}

} // namespace

std::string distribution_text(const Lagg &lagg) {
    return fmt::format(fmt::runtime(traits_of(lagg.protocol).distributes),
                       fmt::arg("policy", lagg.hash_policy), fmt::arg("seed", lagg.hash_seed),
                       fmt::arg("stride", lagg.roundrobin_stride));
}

std::string lacp_mode_text(const Lagg &lagg) {
    return fmt::format("LACP {}, rate {}", lagg.lacp_active ? "active" : "passive",
                       lagg.lacp_fast ? "fast (partner sends every 1 s, expires after 3 s)"
                                      : "slow (partner sends every 30 s, expires after 90 s)");
}

std::string with_warnings(std::string text, const Lagg &lagg) {
    for (const std::string &line : lagg.warnings)
        text += std::string(kIndent, ' ') + printable("! " + line) + "\n";
    return text;
}

std::string render_overview(const Lagg &lagg) {
    std::string text = printable(lagg.name);
    const auto line = [&text](const char *key, const std::string &value) {
        text += fmt::format("\n  {:<11}  {}", key, value.empty() ? "-" : printable(value));
    };
    if (!lagg.description.empty()) text += "  " + printable(lagg.description);
    line("state", state_text(lagg));
    line("protocol",
         lagg.protocol == api::Protocol::LACP ? lacp_mode_text(lagg) : protocol_text(lagg));
    if (lagg.protocol == api::Protocol::LACP) line("partner", lagg.partner_system);
    line("distributes", distribution_text(lagg));
    line("min_links", std::to_string(lagg.min_links));
    line("mac", lagg.mac);
    line("mtu", std::to_string(lagg.mtu));
    line("upper", lagg.upper);
    line("aliases", lagg.aliases.empty() ? "-" : lagg.aliases.front());
    for (size_t i = 1; i < lagg.aliases.size(); ++i)
        line("", lagg.aliases[i]);
    text += "\n";

    Table table({{"PORT"}, {"LINK"}, {"TRAFFIC"}, {"SHARE", Align::RIGHT}, {"DEVICE"}});
    for (const Port &port : lagg.ports)
        table.row(
            {port.name, link_text(port), traffic_text(port), share_text(lagg, port), port.device});
    return with_warnings(text + table.text(kIndent), lagg);
}

std::string render_ports(const Lagg &lagg) {
    Table table({{"PORT"},
                 {"STATE"},
                 {"LINK"},
                 {"DUPLEX"},
                 {"TRAFFIC"},
                 {"BUCKETS", Align::RIGHT},
                 {"SHARE", Align::RIGHT},
                 {"LINK-LOST", Align::RIGHT},
                 {"WATCHED-BY"},
                 {"MAC"},
                 {"DRIVER"},
                 {"DEVICE"}});
    for (const Port &port : lagg.ports)
        table.row({port.name, port.state.text(), link_text(port),
                   port.full_duplex ? "full" : "half", traffic_text(port),
                   std::to_string(port.buckets), share_text(lagg, port),
                   std::to_string(port.link_failures), port.link_source, port.mac, port.driver,
                   port.device});
    const std::string head = fmt::format("{}  {}, {} of {} ports", lagg.name, lagg.state.text(),
                                         distributing_ports(lagg), lagg.ports.size());
    return with_warnings(printable(head) + "\n" + table.text(kIndent), lagg);
}

std::string render_links(const Lagg &lagg) {
    Table table({{"PORT"}, {"SAYS"}, {"LINK"}, {"AGO", Align::RIGHT}, {"CHANGES", Align::RIGHT}});
    for (const Port &port : lagg.ports)
        for (const api::LinkTeller &teller : port.link_tellers)
            table.row({port.name, teller.source, teller.up ? (*teller.up ? "up" : "down") : "",
                       teller.seconds_ago ? duration_text(*teller.seconds_ago) : "",
                       std::to_string(teller.changes)});
    Table nics({{"PORT"},
                {"LAGG-ADDRESS"},
                {"SLOW-PROTOCOLS"},
                {"RX-MISSED", Align::RIGHT},
                {"RX-ERRORS", Align::RIGHT},
                {"RX-NO-BUFFER", Align::RIGHT},
                {"RX-TOO-LARGE", Align::RIGHT},
                {"TX-ERRORS", Align::RIGHT},
                {"RESTARTS", Align::RIGHT},
                {"IN-USE"}});
    for (const Port &port : lagg.ports)
        nics.row({port.name, port.hears_lagg.value_or(""), port.hears_slow.value_or(""),
                  std::to_string(port.nic.rx_missed), std::to_string(port.nic.rx_errors),
                  std::to_string(port.nic.rx_no_buffer), std::to_string(port.nic.rx_too_large),
                  std::to_string(port.nic.tx_errors), std::to_string(port.restarts),
                  fmt::format("{}", fmt::join(port.features, "; "))});
    std::string text =
        printable(lagg.name) + "\n" + table.text(kIndent) + "\n" + nics.text(kIndent);
    for (const Port &port : lagg.ports)
        for (const std::string &complaint : port.complaints)
            text += std::string(kIndent, ' ') + printable(port.name + ": DPDK said: " + complaint) +
                    "\n";
    return with_warnings(text, lagg);
}

std::string render_extended_counters(const api::ExtendedCounters &counters) {
    Table table({{"COUNTER"}, {"VALUE", Align::RIGHT}});
    for (const api::ExtendedCounter &counter : counters.counters)
        table.row({counter.name, std::to_string(counter.value)});
    return printable(counters.lagg + "  " + counters.port) + "\n" + table.text(kIndent);
}

std::string render_counters(const Lagg &lagg) {
    std::vector<Column> columns{{"WHERE"}};
    for (const DeviceCounterText &counter : kDeviceCounterTexts)
        columns.push_back({counter.title, Align::RIGHT});
    Table table(std::move(columns));
    for (const Port &port : lagg.ports)
        table.row(counters_row(port.name, port.counters));
    table.row(counters_row("upper", lagg.counters));
    return printable(fmt::format("{}  {} (rx came from it, tx went to it)", lagg.name,
                                 "upper is " + lagg.upper)) +
           "\n" + table.text(kIndent);
}

} // namespace lagg::ctl
