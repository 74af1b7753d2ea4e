#include "control/api/words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace lagg::api {

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
    std::string text = lagg.protocol.text();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

size_t distributing_ports(const Lagg &lagg) {
    return static_cast<size_t>(std::count_if(lagg.ports.begin(), lagg.ports.end(),
                                             [](const Port &port) { return port.distributing; }));
}

} // namespace lagg::api
