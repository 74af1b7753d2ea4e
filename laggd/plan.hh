// What is to be done to get from what runs to another configuration: pure, so that it can be
// tested. The one place that says what makes a port the same port.
#pragma once

#include "control/config/config.hh"
#include "laggd/edge.hh"

#include <set>
#include <string>
#include <vector>

namespace lagg::daemon {

/// The device is the same, opened the same way: it stays open. Weight and LACP parameters are a
/// matter of the lagg.
bool same_device(const config::Port &a, const config::Port &b);
/// Whether the host can say anything new of the port: one whose device it refused, or lost, stands
/// in nobody's way while all else changes.
bool asks_the_same_of_the_host(const config::Port &a, const config::Port &b);

/// Null when the configuration has none of that name.
bool contains(const std::vector<std::string> &names, const std::string &name);
const config::Lagg *find_lagg(const config::Config &config, const std::string &name);
/// The configuration has it.
const config::Port &find_port(const config::Config &config, const std::string &name);
/// Ports that some lagg uses, as a member or as its upper side, in the order of the file. A
/// [[port]] that none uses is left alone.
std::vector<std::string> used_ports(const config::Config &config);
/// The MTU of the lagg that uses the port.
uint16_t mtu_of(const config::Config &config, const std::string &port);
/// Whether all frames of such a configuration come from one packet pool and have one owner.
bool has_one_pool(const config::Config &config);

struct Plan {
    /// Ports that can be opened while everything runs.
    std::vector<std::string> open;
    /// Ports that could not be opened before, and are tried again: they may fail once more.
    std::vector<std::string> try_again;
    /// Ports whose device, or whose name, another one has until it is closed.
    std::vector<std::string> exchange;
    /// Open ports that nobody uses any more, or whose name stands for another device.
    std::vector<std::string> close;
    /// Ports that leave a lagg, and laggs that go.
    std::vector<Membership> leave;
    /// Laggs that come out elsewhere, or at a device that is about to be closed.
    std::vector<std::string> without_upper;
    std::vector<std::string> laggs_added;
    std::vector<std::string> laggs_removed;
};

/// `open` and `failed` are ports of `running`, by name.
Plan plan_change(const config::Config &running, const std::set<std::string> &open,
                 const std::set<std::string> &failed, const config::Config &next);

} // namespace lagg::daemon
