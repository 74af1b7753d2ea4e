#include "laggd/lagg_mac.hh"

#include "control/config/values.hh"
#include "dataplane/files/files.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>

namespace lagg::daemon {

namespace {

std::string file_of(const std::string &directory, const std::string &lagg) {
    return directory + "/" + lagg + kRememberedMac;
}

const config::Port *port_with(const config::Config &config, const std::string &device) {
    for (const config::Port &port : config.ports)
        if (config::device_identity(port.device) == device) return &port;
    return nullptr;
}

bool is_elsewhere(const ChosenMac &kept, const config::Config &next, const config::Lagg &lagg,
                  const MacFacts &facts) {
    if (kept.device.empty()) return false;
    const config::Port *port = port_with(next, kept.device);
    if (port != nullptr && is_member(lagg, port->name)) return false;
    const bool is_used =
        port != nullptr && std::ranges::any_of(next.laggs, [&](const config::Lagg &other) {
            return uses_port(other, port->name);
        });
    return is_used || facts.host_uses(kept.device);
}

ChosenMac of_first_port(const config::Config &next, const config::Lagg &lagg, const MacFacts &facts,
                        const std::set<MacAddress> &taken) {
    for (const std::string &name : lagg.ports) {
        const auto port = std::ranges::find(next.ports, name, &config::Port::name);
        if (port == next.ports.end()) continue;
        const std::string device = config::device_identity(port->device);
        const auto mac = facts.macs.find(device);
        if (mac != facts.macs.end() && !taken.contains(mac->second)) return {mac->second, device};
    }
    return {facts.random(), {}};
}

} // namespace

ChosenMacs choose_macs(const config::Config &next, const MacFacts &facts) {
    ChosenMacs chosen;
    std::set<MacAddress> taken;
    const auto give = [&](const config::Lagg &lagg, const ChosenMac &mac) {
        chosen[lagg.name] = mac;
        taken.insert(mac.mac);
    };
    for (const config::Lagg &lagg : next.laggs)
        if (lagg.mac) give(lagg, {*lagg.mac, {}});
    // Those that stay are first, so that nobody takes what another one keeps.
    for (const config::Lagg &lagg : next.laggs) {
        const auto kept = facts.kept.find(lagg.name);
        if (chosen.contains(lagg.name) || kept == facts.kept.end()) continue;
        if (!taken.contains(kept->second.mac) && !is_elsewhere(kept->second, next, lagg, facts))
            give(lagg, kept->second);
    }
    for (const config::Lagg &lagg : next.laggs)
        if (!chosen.contains(lagg.name)) give(lagg, of_first_port(next, lagg, facts, taken));
    return chosen;
}

MacAddress random_mac() {
    std::random_device random;
    MacAddress mac{};
    for (uint8_t &octet : mac)
        octet = static_cast<uint8_t>(random());
    mac[0] = static_cast<uint8_t>((mac[0] & 0xfc) | 0x02);
    return mac;
}

// The address, a space, and the device to the end of the line.
std::optional<ChosenMac> remembered_mac(const std::string &state_directory,
                                        const std::string &lagg) {
    constexpr size_t kMostBytes = 4096;
    const Result<std::string> content = read_file(file_of(state_directory, lagg), kMostBytes);
    if (!content) return std::nullopt;
    const std::string line = content->substr(0, content->find('\n'));
    const size_t space = line.find(' ');
    const Result<MacAddress> mac = config::parse_unicast_mac(line.substr(0, space), "it");
    if (!mac || space == std::string::npos) return std::nullopt;
    return ChosenMac{*mac, line.substr(space + 1)};
}

void remember_mac(const std::string &state_directory, const std::string &lagg,
                  const ChosenMac &mac) {
    if (remembered_mac(state_directory, lagg) == mac) return;
    const std::string file = file_of(state_directory, lagg);
    const Result<void> kept =
        replace_file(file, fmt::format("{} {}\n", to_string(mac.mac), mac.device));
    if (!kept)
        spdlog::warn("{}: {} cannot be written: {}; the next start of laggd may choose another MAC "
                     "address",
                     lagg, file, kept.error().message);
}

void forget_mac(const std::string &state_directory, const std::string &lagg) {
    std::error_code ignored;
    std::filesystem::remove(file_of(state_directory, lagg), ignored);
}

} // namespace lagg::daemon
