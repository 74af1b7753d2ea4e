#include "control/config/cross_checks.hh"

#include "control/config/cross_check_parts.hh"
#include "control/config/values.hh"

namespace lagg::config {

namespace {

void check_device_count(const Document &document, Complaints &complaints) {
    const size_t ports = document.config.ports.size();
    if (ports <= kMaxDevices) return;
    complaints.add(document.positions.of(item_path("port", kMaxDevices)),
                   "one port too many: this file has " + std::to_string(ports) + ", and at most " +
                       std::to_string(kMaxDevices) + " are possible");
}

void check_lagg_count(const Document &document, Complaints &complaints) {
    const size_t laggs = document.config.laggs.size();
    if (laggs <= kMaxLaggs) return;
    complaints.add(document.positions.of(item_path("lagg", kMaxLaggs)),
                   "one lagg too many: this file has " + std::to_string(laggs) + ", and at most " +
                       std::to_string(kMaxLaggs) + " are possible");
}

} // namespace

std::string at_line(Position at) {
    return "line " + std::to_string(at.line);
}

std::string called_of(const Lagg &lagg) {
    return called_lagg(lagg.name);
}

void check_rules(const Config &config, const Positions &positions, Complaints &complaints) {
    const Document document{config, positions};
    check_names(document, complaints);
    check_lagg_count(document, complaints);
    check_loops(document, complaints);
    check_laggs(document, complaints);
    check_device_count(document, complaints);
}

} // namespace lagg::config
