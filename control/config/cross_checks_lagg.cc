// What contradicts itself within a lagg, a function each.
#include "control/config/cross_check_parts.hh"

#include "dataplane/base/wording.hh"

#include <algorithm>

namespace lagg::config {

namespace {

void check_min_links(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const size_t ports = lagg.ports.size();
        if (ports == 0 || lagg.min_links <= ports) continue;
        const std::string called = called_of(lagg);
        complaints.add(document.lagg(i, "min_links"),
                       "'min_links' of " + called + " is " + std::to_string(lagg.min_links) +
                           ", but " + called + " has " + std::to_string(ports) +
                           (ports == 1 ? " port" : " ports") +
                           " and would never come up; write at most " + std::to_string(ports));
    }
}

/// What contradicts itself in the lacp table.
void check_lacp(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        const Lacp &lacp = lagg.lacp;
        if (lagg.protocol != Protocol::LACP) continue;
        const std::string of_lagg = " of " + called_of(lagg);
        const std::string links = std::to_string(lagg.min_links);
        if (lacp.max_links != 0 && lacp.max_links < lagg.min_links) {
            complaints.add(document.lagg(i, "lacp.max_links"),
                           "'lacp.max_links'" + of_lagg + " is " + std::to_string(lacp.max_links) +
                               ", but 'min_links' is " + links +
                               " and the lagg would never come up; write at least " + links +
                               ", or 0 for no limit");
        }
        if (lacp.fallback != Fallback::NONE && !lacp.strict) {
            complaints.add(document.lagg(i, "lacp.fallback"),
                           "'lacp.fallback'" + of_lagg + " is " +
                               in_quotes(to_text(lacp.fallback)) +
                               ", but with 'lacp.strict' false a silent partner is taken for a " +
                               "ready one at once; write strict = true or fallback = \"none\"");
        }
        if (lacp.fallback == Fallback::INDIVIDUAL && lagg.min_links > 1) {
            complaints.add(document.lagg(i, "lacp.fallback"),
                           "'lacp.fallback'" + of_lagg +
                               " is \"individual\", which leaves one port in use, but " +
                               "'min_links' is " + links +
                               "; write min_links = 1 or fallback = " + "\"static\"");
        }
    }
}

void check_what_aliases_need(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        if (lagg.aliases.empty() || lagg.upper.has_interface()) continue;
        complaints.add(
            document.lagg(i, "aliases"),
            "'aliases' of " + called_of(lagg) + " need the kernel interface, but its upper is " +
                in_quotes(to_text(lagg.upper.kind)) + "; remove them or write upper = \"kernel\"");
    }
}

/// Complains where the rule of this number leads to a port that is not the lagg's.
void check_port_of_rule(const Config &config, const Lagg &lagg, size_t number, Position at,
                        Complaints &complaints) {
    const std::string &name = lagg.rules[number].port;
    if (std::ranges::find(lagg.ports, name) != lagg.ports.end()) return;
    const bool of_another =
        std::ranges::find(config.ports, name, &Port::name) != config.ports.end();
    const auto near = nearest(name, lagg.ports);
    std::string message = "port " + in_quotes(name) + " of rule " + std::to_string(number + 1) +
                          " is not one of " + called_of(lagg) + "'s; ";
    if (lagg.ports.empty()) {
        message += "it has none";
    } else if (near && !of_another) {
        message += "did you mean " + in_quotes(*near) + "?";
    } else {
        message += "they are " + listed(lagg.ports);
    }
    complaints.add(at, std::move(message));
}

void check_ports_of_rules(const Document &document, Complaints &complaints) {
    for (size_t i = 0; i < document.config.laggs.size(); ++i) {
        const Lagg &lagg = document.config.laggs[i];
        for (size_t k = 0; k < lagg.rules.size(); ++k) {
            // Where there is no name the reader has complained.
            if (lagg.rules[k].port.empty()) continue;
            const Position at = document.lagg(i, item_path("rules", k) + ".port");
            check_port_of_rule(document.config, lagg, k, at, complaints);
        }
    }
}

} // namespace

void check_laggs(const Document &document, Complaints &complaints) {
    check_min_links(document, complaints);
    check_lacp(document, complaints);
    check_what_aliases_need(document, complaints);
    check_ports_of_rules(document, complaints);
}

} // namespace lagg::config
