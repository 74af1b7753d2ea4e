#include "laggd/plan.hh"

#include "control/config/values.hh"

#include <algorithm>
#include <cassert>

namespace lagg::daemon {

namespace {

const config::Port *port_or_null(const config::Config &config, const std::string &name) {
    const auto found = std::ranges::find(config.ports, name, &config::Port::name);
    return found == config.ports.end() ? nullptr : &*found;
}

/// A device that is open already under another name, or a port that changes its device, can be
/// opened only after the one before was closed, and that is after the point of no return.
bool has_to_wait(const config::Config &running, const std::set<std::string> &open,
                 const config::Port &wanted) {
    return std::ranges::any_of(running.ports, [&](const config::Port &other) {
        if (!open.contains(other.name)) return false;
        if (other.name == wanted.name) return !same_device(other, wanted);
        return config::device_identity(other.device) == config::device_identity(wanted.device);
    });
}

/// Whether the name stands for the same open device before and after.
bool stays_open(const config::Config &running, const config::Config &next,
                const std::vector<std::string> &used, const std::string &name) {
    const config::Port *before = port_or_null(running, name);
    const config::Port *after = port_or_null(next, name);
    return contains(used, name) && before != nullptr && after != nullptr &&
           same_device(*before, *after);
}

} // namespace

bool same_device(const config::Port &a, const config::Port &b) {
    return a.device == b.device && a.descriptors == b.descriptors;
}

bool asks_the_same_of_the_host(const config::Port &a, const config::Port &b) {
    return same_device(a, b) && a.in_use == b.in_use;
}

bool contains(const std::vector<std::string> &names, const std::string &name) {
    return std::ranges::find(names, name) != names.end();
}

const config::Lagg *find_lagg(const config::Config &config, const std::string &name) {
    const auto found = std::ranges::find(config.laggs, name, &config::Lagg::name);
    return found == config.laggs.end() ? nullptr : &*found;
}

const config::Port &find_port(const config::Config &config, const std::string &name) {
    const config::Port *port = port_or_null(config, name);
    assert(port != nullptr); // the configuration was validated
    return *port;
}

std::vector<std::string> used_ports(const config::Config &config) {
    std::vector<std::string> used;
    for (const config::Port &port : config.ports)
        if (std::ranges::any_of(
                config.laggs, [&](const config::Lagg &lagg) { return uses_port(lagg, port.name); }))
            used.push_back(port.name);
    return used;
}

uint16_t mtu_of(const config::Config &config, const std::string &port) {
    for (const config::Lagg &lagg : config.laggs)
        if (uses_port(lagg, port)) return lagg.mtu;
    return config::kDefaultMtu;
}

// Ports of net_af_xdp receive into a pool of their own, and rings hand on buffers of anybody's.
bool has_one_pool(const config::Config &config) {
    return std::ranges::none_of(config.ports, [](const config::Port &port) {
        return port.device.starts_with("net_af_xdp") || port.device.starts_with("net_ring");
    });
}

Plan plan_change(const config::Config &running, const std::set<std::string> &open,
                 const std::set<std::string> &failed, const config::Config &next) {
    Plan plan;
    const std::vector<std::string> used = used_ports(next);
    for (const std::string &name : open)
        if (!stays_open(running, next, used, name)) plan.close.push_back(name);
    for (const std::string &name : used) {
        const config::Port &wanted = find_port(next, name);
        const config::Port *before = port_or_null(running, name);
        if (has_to_wait(running, open, wanted))
            plan.exchange.push_back(name);
        else if (failed.contains(name) && before != nullptr && same_device(*before, wanted))
            plan.try_again.push_back(name);
        else if (!open.contains(name))
            plan.open.push_back(name);
    }
    for (const config::Lagg &lagg : next.laggs)
        if (find_lagg(running, lagg.name) == nullptr) plan.laggs_added.push_back(lagg.name);
    for (const config::Lagg &lagg : running.laggs) {
        const config::Lagg *after = find_lagg(next, lagg.name);
        if (after == nullptr) {
            plan.laggs_removed.push_back(lagg.name);
            plan.leave.push_back({lagg.name, {}});
            continue;
        }
        for (const std::string &port : lagg.ports)
            if (open.contains(port) &&
                (!is_member(*after, port) || !stays_open(running, next, used, port)))
                plan.leave.push_back({lagg.name, port});
        if (!lagg.upper.port.empty() &&
            (after->upper != lagg.upper || contains(plan.close, lagg.upper.port)))
            plan.without_upper.push_back(lagg.name);
    }
    return plan;
}

} // namespace lagg::daemon
