// See checked_load.hh.
#include "laggd/checked_load.hh"

#include "control/config/values.hh"
#include "control/host/check.hh"
#include "control/host/machine.hh"
#include "dataplane/port/device.hh"
#include "laggd/plan.hh"

#include <fmt/format.h>

#include <algorithm>

namespace lagg::daemon {

namespace {

bool concerns_the_machine(const config::Port &port) {
    return !config::pci_address(port.device).empty() ||
           !config::opened_interface(port.device).empty();
}

config::Mistake placed(const std::string &file, config::Position at, std::string message) {
    return {.file = file, .line = at.line, .column = at.column, .message = std::move(message)};
}

Result<void> check_device_on(const host::Machine &machine, const config::Config &config,
                             const config::Port &port) {
    if (Result<void> there = port::check_device(port::parse_device(port.device, port.name)); !there)
        return there;
    if (!concerns_the_machine(port)) return {};
    if (std::string why = first_wrong(host::check_port(machine, config, port)); !why.empty())
        return Error{std::move(why)};
    return {};
}

host::Machine machine_for(const std::vector<config::Port> &ports) {
    return std::ranges::any_of(ports, concerns_the_machine) ? host::read_machine()
                                                            : host::Machine{};
}

/// The place of a key of [daemon], or of its header where the default is meant.
config::Position position_in(const config::Positions &positions, const std::string &key) {
    return positions.near("daemon." + key);
}

config::Position device_position(const config::Positions &positions, const config::Config &config,
                                 const config::Port &port) {
    return positions.of(config::port_path(config, port.name) + ".device");
}

/// Where the file asks for what a check of the machine is about; several places for several laggs.
std::vector<config::Position> places_of(const host::Finding &finding, const config::Config &config,
                                        const config::Positions &positions) {
    if (finding.check == "hugepages") return {position_in(positions, "memory")};
    if (finding.check == "buffers") return {position_in(positions, "buffers")};
    if (finding.check == "cores") return {position_in(positions, "workers")};
    std::vector<config::Position> places;
    for (const config::Lagg &lagg : config.laggs)
        if (lagg.upper.has_interface())
            places.push_back(positions.of(config::lagg_path(config, lagg.name) + ".name"));
    return places;
}

} // namespace

Result<void> check_device(const config::Config &config, const config::Port &port) {
    return check_device_on(machine_for({port}), config, port);
}

config::Loaded load_and_find_devices(const std::string &file, const config::Config &running,
                                     config::Positions &positions) {
    config::Loaded loaded = config::load(file, &positions);
    const auto *config = std::get_if<config::Config>(&loaded);
    if (config == nullptr) return loaded;
    const host::Machine machine = machine_for(config->ports);
    config::Mistakes missing;
    for (const config::Port &port : config->ports) {
        const auto stands = [&](const config::Port &known) {
            return known.name == port.name && asks_the_same_of_the_host(known, port);
        };
        if (std::ranges::any_of(running.ports, stands)) continue;
        const Result<void> there = check_device_on(machine, *config, port);
        if (there) continue;
        missing.list.push_back(
            placed(file, device_position(positions, *config, port),
                   fmt::format("port {}: {}", port.name, there.error().message)));
    }
    if (!missing.list.empty()) return missing;
    return loaded;
}

std::optional<config::Mistake> check_buffers(const config::Config &config, const std::string &file,
                                             const config::Positions &positions) {
    const host::Finding finding = host::check_buffers(config);
    if (finding.level != host::Level::WRONG) return std::nullopt;
    return placed(file, position_in(positions, "buffers"), to_sentence(finding));
}

std::optional<config::Mistake> check_buffers_made(const config::Config &begun,
                                                  const config::Config &running,
                                                  const config::Config &next,
                                                  const std::string &file,
                                                  const config::Positions &positions) {
    const host::Pools made = host::pools_of(begun);
    config::Config wanted = next;
    wanted.daemon = begun.daemon;
    const port::PoolNeed needed = host::buffers_needed(wanted);
    if (needed.data <= made.data && needed.slow <= made.slow) return std::nullopt;
    const auto is_new = [&](const config::Port &port) {
        return std::ranges::find(running.ports, port) == running.ports.end();
    };
    const auto port = std::ranges::find_if(next.ports, is_new);
    const config::Position at = port == next.ports.end() ? position_in(positions, "buffers")
                                                         : device_position(positions, next, *port);
    return placed(file, at,
                  fmt::format("the ports need {} packet buffers and {} for LACPDUs, and the "
                              "daemon made {} and {} when it started: restart it, or give its "
                              "ports fewer descriptors",
                              needed.data, needed.slow, made.data, made.slow));
}

MachineNotes check_machine(const config::Config &config, const std::string &file,
                           const config::Positions &positions) {
    const host::Machine machine = host::read_machine();
    MachineNotes notes;
    for (const host::Finding &finding : host::check_machine(machine, config)) {
        if (!finding.asked || finding.level < host::Level::WARN) continue;
        auto &list = finding.level == host::Level::WRONG ? notes.mistakes : notes.warnings;
        for (const config::Position at : places_of(finding, config, positions))
            list.push_back(placed(file, at, to_sentence(finding)));
    }
    for (const config::Port &port : config.ports) {
        if (!concerns_the_machine(port)) continue;
        for (const host::Finding &finding : host::check_port(machine, config, port))
            if (finding.asked && finding.level == host::Level::WARN)
                notes.warnings.push_back(
                    placed(file, device_position(positions, config, port),
                           fmt::format("port {}: {}", port.name, to_sentence(finding))));
    }
    std::ranges::stable_sort(notes.warnings, {}, [](const config::Mistake &warning) {
        return std::pair(warning.line, warning.column);
    });
    return notes;
}

} // namespace lagg::daemon
