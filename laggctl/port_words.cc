#include "laggctl/port_words.hh"

#include <fmt/format.h>

namespace lagg::ctl {
using api::Lagg;
using api::Port;

std::string link_text(const Port &port) {
    if (!port.link_up) return "down";
    return port.speed_mbps ? speed_text(port.speed_mbps) : "up";
}

std::string traffic_text(const Port &port) {
    if (port.collecting && port.distributing) return "rx+tx";
    if (port.collecting) return "rx";
    return port.distributing ? "tx" : "-";
}

std::string share_text(const Lagg &lagg, const Port &port) {
    uint64_t all = 0;
    for (const Port &each : lagg.ports)
        all += each.buckets;
    if (!uses_hash(lagg.protocol) || all == 0) return "-";
    return fmt::format("{:.1f} %", 100.0 * port.buckets / static_cast<double>(all));
}

} // namespace lagg::ctl
