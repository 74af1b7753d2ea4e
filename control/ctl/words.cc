// The checks go from the device outwards, because a failed one explains all that come after it.
#include "control/ctl/words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace lagg::ctl {
namespace {

using api::LacpEnd;
using api::LacpPort;
using api::Lagg;
using api::Port;

bool says(const LacpEnd &end, char flag) {
    return end.flags.find(flag) != std::string::npos;
}

bool mux_is_distributing(const Port &port) {
    return port.lacp && (port.lacp->machines.mux == "DISTRIBUTING" ||
                         port.lacp->machines.mux == "COLLECTING_DISTRIBUTING");
}

// Could carry traffic if the lagg as a whole may.
bool ready(const Lagg &lagg, const Port &port) {
    if (port.distributing) return true;
    return protocol_text(lagg) == "LACP" ? mux_is_distributing(port)
                                         : port.link_up && port.state == "running";
}

std::string device_reason(const Port &port) {
    if (port.state == "failed")
        return port.problem.empty() ? "the device failed" : "the device failed: " + port.problem;
    if (port.state == "opening") return "the device is being opened";
    if (!port.link_up) return "link down";
    return {};
}

std::string silence(const LacpPort &lacp) {
    if (lacp.last_rx_seconds) return "no LACPDU for " + duration_text(*lacp.last_rx_seconds);
    return "no LACPDU has come; is LACP on at the other end?";
}

std::string selection_reason(const Lagg &lagg, const LacpPort &lacp) {
    if (lacp.machines.selected == "STANDBY")
        return "standby: the aggregator has all the ports it may use";
    if (lacp.machines.selected == "UNSELECTED") return "not selected by an aggregator";
    if (lacp.aggregator != lagg.active_aggregator && lagg.active_aggregator != 0)
        return fmt::format("leads to {} key {} (aggregator {}), while aggregator {} is active",
                           lacp.partner.system, lacp.partner.key, lacp.aggregator,
                           lagg.active_aggregator);
    return {};
}

std::string lacp_reason(const Lagg &lagg, const Port &port) {
    if (!port.lacp) return "LACP has not started on it";
    const LacpPort &lacp = *port.lacp;
    if (lacp.loopback) return "its own LACPDUs come back: the other end is a loop";
    if (!port.full_duplex) return "half duplex: LACP aggregates full-duplex links only";
    if (lacp.machines.rx == "LACP_DISABLED") return "LACP is off on it";
    if (lacp.machines.rx != "CURRENT") return silence(lacp);
    if (std::string reason = selection_reason(lagg, lacp); !reason.empty()) return reason;
    if (lacp.machines.mux == "WAITING") return "waiting to see whether more ports join";
    if (!says(lacp.partner, 'N')) return "the partner is not in sync";
    if (!says(lacp.partner, 'C')) return "the partner does not collect";
    return "mux is " + lacp.machines.mux;
}

} // namespace

std::string speed_text(uint64_t mbps) {
    if (mbps == 0) return "-";
    if (mbps < 1000 || mbps % 100 != 0) return fmt::format("{}M", mbps);
    if (mbps % 1000 != 0) return fmt::format("{}.{}G", mbps / 1000, mbps % 1000 / 100);
    return fmt::format("{}G", mbps / 1000);
}

std::string duration_text(double seconds) {
    // Text from elsewhere may hold any number; the casts below may not.
    constexpr double kMost = 1e12;
    seconds = std::isfinite(seconds) ? std::clamp(seconds, 0.0, kMost) : 0.0;
    // Compared after rounding, so that no unit shows its own overflow (9.96 is 10 s, not 10.0 s).
    if (std::round(seconds * 10) < 100) return fmt::format("{:.1f} s", seconds);
    if (std::round(seconds) < 120) return fmt::format("{:.0f} s", seconds);
    const auto minutes = static_cast<uint64_t>(seconds / 60);
    if (minutes < 120) return fmt::format("{} min", minutes);
    const uint64_t hours = minutes / 60;
    if (hours < 48) return fmt::format("{} h {} min", hours, minutes % 60);
    return fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string protocol_text(const Lagg &lagg) {
    std::string text = lagg.protocol;
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

bool uses_hash(const Lagg &lagg) {
    const std::string protocol = protocol_text(lagg);
    return protocol == "LACP" || protocol == "LOADBALANCE";
}

size_t distributing_ports(const Lagg &lagg) {
    return static_cast<size_t>(std::count_if(lagg.ports.begin(), lagg.ports.end(),
                                             [](const Port &port) { return port.distributing; }));
}

std::string why_idle(const Lagg &lagg, const Port &port) {
    if (port.distributing) return {};
    if (std::string reason = device_reason(port); !reason.empty()) return reason;
    const std::string protocol = protocol_text(lagg);
    if (protocol == "NONE") return "protocol none carries no traffic";
    if (lagg.state == "DISABLED") return "the lagg is disabled";

    const auto ready_ports = std::count_if(lagg.ports.begin(), lagg.ports.end(),
                                           [&](const Port &other) { return ready(lagg, other); });
    if (ready(lagg, port) && ready_ports < lagg.min_links)
        return fmt::format("ready, but only {} of min_links {} ports are", ready_ports,
                           lagg.min_links);
    if (protocol == "LACP") return lacp_reason(lagg, port);
    for (const Port &other : lagg.ports)
        if (protocol == "FAILOVER" && other.distributing)
            return "standby: " + other.name + " carries the traffic";
    return "not distributing";
}

} // namespace lagg::ctl
