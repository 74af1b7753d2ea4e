#include "laggd/running.hh"

#include "laggd/plan.hh"

#include <fmt/format.h>

namespace lagg::daemon {

namespace {

upper::Upper upper_port(const Running &running, const std::string &name) {
    const auto open = running.ports.find(name);
    if (open == running.ports.end()) return {.text = fmt::format("port:{} (not open)", name)};
    if (open->second.paused) return {.text = fmt::format("port:{} (being restarted)", name)};
    const aggregation::AttachedPort port = open->second.device->attached();
    return {.endpoint = {.id = port.device, .receive_queues = port.receive_queues()},
            .queues = port.queues,
            .device = {.port = name, .interface_index = port.interface_index, .watch = port.watch},
            .text = "port:" + name};
}

aggregation::WantedPort wanted_port(const Running &running, const std::string &name) {
    const config::Port &configured = find_port(running.config, name);
    aggregation::WantedPort wanted{.name = name, .device_text = configured.device};
    const auto open = running.ports.find(name);
    if (open == running.ports.end()) {
        if (const auto failed = running.failed.find(name); failed != running.failed.end())
            wanted.problem = failed->second;
        return wanted;
    }
    wanted.attached = open->second.device->attached();
    wanted.attached->name = name;
    wanted.attached->device_text = configured.device;
    wanted.attached->number = running.numbers.at(name);
    wanted.attached->hearing = open->second.hearing;
    wanted.attached->lacp = configured.lacp;
    wanted.attached->weight = configured.weight;
    return wanted;
}

} // namespace

std::set<std::string> open_ports(const Running &running) {
    std::set<std::string> names;
    for (const auto &[name, port] : running.ports)
        names.insert(name);
    return names;
}

std::set<std::string> failed_ports(const Running &running) {
    std::set<std::string> names;
    for (const auto &[name, reason] : running.failed)
        names.insert(name);
    return names;
}

std::vector<const config::Lagg *> laggs_over(const config::Config &config,
                                             const std::string &port) {
    std::vector<const config::Lagg *> laggs;
    for (const config::Lagg &lagg : config.laggs)
        if (is_member(lagg, port)) laggs.push_back(&lagg);
    return laggs;
}

std::vector<std::string> laggs_with(const config::Config &config, const std::string &port) {
    std::vector<std::string> names;
    for (const config::Lagg &lagg : config.laggs)
        if (uses_port(lagg, port)) names.push_back(lagg.name);
    return names;
}

void number_ports(Running &running) {
    std::set<lacp::PortNumber> taken;
    for (const auto &[name, number] : running.numbers)
        taken.insert(number);
    lacp::PortNumber place = 0;
    for (const config::Port &port : running.config.ports) {
        ++place;
        if (running.numbers.contains(port.name)) continue;
        lacp::PortNumber number = place;
        while (taken.contains(number))
            ++number;
        running.numbers[port.name] = number;
        taken.insert(number);
    }
}

upper::Upper upper_of(const Running &running, const config::Lagg &lagg) {
    const RunningLagg &known = running.laggs.at(lagg.name);
    if (known.upper != nullptr) return known.upper->upper(known.identity.slot);
    if (!lagg.upper.port.empty()) return upper_port(running, lagg.upper.port);
    if (known.upper_problem.empty()) return {};
    return {.text = fmt::format("{}:{} ({})", to_text(lagg.upper.kind), lagg.name,
                                known.upper_problem)};
}

aggregation::WantedLagg wanted(const Running &running, const config::Lagg &lagg) {
    aggregation::WantedLagg wanted{.config = lagg,
                                   .identity = running.laggs.at(lagg.name).identity,
                                   .upper = upper_of(running, lagg)};
    if (const auto policies = running.policies.find(lagg.name); policies != running.policies.end())
        wanted.policies = policies->second.policies;
    for (const std::string &port : lagg.ports)
        wanted.ports.push_back(wanted_port(running, port));
    return wanted;
}

} // namespace lagg::daemon
