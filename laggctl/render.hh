// What laggctl prints, as pure functions of a snapshot.
#pragma once

#include "control/api/snapshot.hh"

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lagg::ctl {

enum class View { OVERVIEW, LACP, PORTS, LINKS, COUNTERS, HASH };

/// The views that have a name on the command line; OVERVIEW is what comes without one.
inline constexpr std::array<std::pair<std::string_view, View>, 5> kViewNames{{
    {"lacp", View::LACP},
    {"ports", View::PORTS},
    {"links", View::LINKS},
    {"counters", View::COUNTERS},
    {"hash", View::HASH},
}};

/// One line a lagg, and a line that begins with '!' for everything that keeps traffic away.
std::string render_summary(const std::vector<api::Lagg> &laggs);
/// One view of each lagg, separated by empty lines.
std::string render_show(const std::vector<api::Lagg> &laggs, View view);
/// The last slow-protocol frames of a port, one line each; with their octets below it.
std::string render_pdus(const api::PortHistory &history, bool as_hex);
/// What the machines of a port did lately, one line a transition.
std::string render_history(const api::PortHistory &history);
/// Where a flow goes, one line a policy, the lagg's own marked and first.
std::string render_flow(const api::FlowAnswer &answer);
/// What the driver of a port counts, a line each.
std::string render_extended_counters(const api::ExtendedCounters &counters);
/// The daemon itself.
std::string render_status(const api::Status &status);

} // namespace lagg::ctl
