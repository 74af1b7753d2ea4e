#include "control/ctl/words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace lagg::ctl {
using api::Lagg;
using api::Port;

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

std::string link_text(const Port &port) {
    if (!port.link_up) return "down";
    return port.speed_mbps ? speed_text(port.speed_mbps) : "up";
}

std::string traffic_text(const Port &port) {
    if (port.collecting && port.distributing) return "rx+tx";
    if (port.collecting) return "rx";
    return port.distributing ? "tx" : "-";
}

size_t distributing_ports(const Lagg &lagg) {
    return static_cast<size_t>(std::count_if(lagg.ports.begin(), lagg.ports.end(),
                                             [](const Port &port) { return port.distributing; }));
}

std::string share_text(const Lagg &lagg, const Port &port) {
    uint64_t all = 0;
    for (const Port &each : lagg.ports)
        all += each.buckets;
    if (!uses_hash(lagg) || all == 0) return "-";
    return fmt::format("{:.1f} %", 100.0 * port.buckets / static_cast<double>(all));
}

} // namespace lagg::ctl
