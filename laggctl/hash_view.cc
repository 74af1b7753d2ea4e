// What decides where flows go, and where one flow goes.
#include "laggctl/port_words.hh"
#include "laggctl/render.hh"
#include "laggctl/table.hh"
#include "laggctl/views.hh"

#include <fmt/format.h>

namespace lagg::ctl {
namespace {

using api::Lagg;
using api::Port;

std::string weight_text(const Port &port) {
    return port.weight == 0 ? "-" : std::to_string(port.weight);
}

/// The lines between the head and the ports.
std::string parameters_text(const Lagg &lagg) {
    std::string text;
    const auto line = [&text](const char *key, const std::string &value) {
        text += fmt::format("  {:<9}  {}\n", key, value.empty() ? "-" : printable(value));
    };
    line("policy", lagg.hash_policy);
    line("fields", lagg.hash_fields);
    line("seed", fmt::format("0x{:08x}", lagg.hash_seed));
    line("symmetric", lagg.hash_symmetric ? "yes" : "no");
    line("inner", lagg.hash_inner ? "yes" : "no");
    line("program", lagg.hash_program);
    line("weights", lagg.weights == "speed" ? "by speed, in Mbit/s" : lagg.weights);
    if (lagg.rules.empty()) line("rules", "-");
    for (size_t i = 0; i < lagg.rules.size(); ++i)
        line(i == 0 ? "rules" : "",
             fmt::format("{}. {} to {}", i + 1, lagg.rules[i].filter, lagg.rules[i].port));
    return text;
}

// How evenly the load lies, and what was done about it; nothing where nobody rebalances.
std::string rebalance_text(const api::Rebalance &rebalance) {
    if (!rebalance.enabled) return "";
    std::string text =
        fmt::format("  rebalancing: busiest port at {:.2f} of the mean, ", rebalance.imbalance);
    if (!rebalance.seconds_ago) return text + "nothing moved yet\n";
    text +=
        fmt::format("{} buckets moved in {} rounds\n", rebalance.buckets_moved, rebalance.rounds);
    return text + fmt::format("  last {} ago: {}, {:.2f} -> {:.2f}\n",
                              duration_text(*rebalance.seconds_ago),
                              printable(rebalance.last_action), rebalance.last_before,
                              rebalance.last_after);
}

} // namespace

std::string render_hash(const Lagg &lagg) {
    const std::string head = printable(fmt::format("{}  {}: {}", lagg.name, protocol_text(lagg),
                                                   distribution_text(lagg))) +
                             "\n";
    const bool in_turn = traits_of(lagg.protocol).mode == Mode::ROUND_ROBIN;
    if (!uses_hash(lagg.protocol) && !in_turn) return head;
    Table table(
        {{"PORT"}, {"WEIGHT", Align::RIGHT}, {"BUCKETS", Align::RIGHT}, {"SHARE", Align::RIGHT}});
    for (const Port &port : lagg.ports)
        table.row({port.name, weight_text(port), in_turn ? "-" : std::to_string(port.buckets),
                   share_text(lagg, port)});
    return head + (in_turn ? "" : parameters_text(lagg)) + table.text(kIndent) +
           rebalance_text(lagg.rebalance);
}

std::string render_flow(const api::FlowAnswer &answer) {
    std::string text = printable(answer.lagg + ": " + answer.how) + "\n";
    if (!answer.policies.empty()) {
        Table table({{"POLICY"},
                     {"FIELDS USED"},
                     {"HASH", Align::RIGHT},
                     {"BUCKET", Align::RIGHT},
                     {"PORT"}});
        for (const api::PolicyAnswer &row : answer.policies)
            table.row({(row.own ? "* " : "  ") + row.policy, row.fields,
                       fmt::format("0x{:08x}", row.hash), std::to_string(row.bucket),
                       row.port + (row.moving ? " (on its way there)" : "")});
        text += table.text();
        text +=
            fmt::format("* {}'s own; seed 0x{:08x} for all\n", printable(answer.lagg), answer.seed);
    }
    for (const std::string &note : answer.notes)
        text += "! " + printable(note) + "\n";
    return text;
}

} // namespace lagg::ctl
