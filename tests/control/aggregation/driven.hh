// An Aggregate under a test's hand, in virtual time, seen the way a worker sees it: through the
// forwarding state alone.
#pragma once

#include "control/aggregation/aggregate.hh"
#include "dataplane/frame/flow_key.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace lagg::aggregation {

using config::Protocol;
using Names = std::vector<std::string>;

inline const Names kTwo{"p0", "p1"};
inline const Names kThree{"p0", "p1", "p2"};

inline constexpr Protocol kProtocols[] = {Protocol::LACP,        Protocol::FAILOVER,
                                          Protocol::LOADBALANCE, Protocol::ROUNDROBIN,
                                          Protocol::BROADCAST,   Protocol::NONE};

inline config::Lagg lagg(Protocol protocol, const Names &ports) {
    config::Lagg config;
    config.name = "lagg0";
    config.protocol = protocol;
    config.ports = ports;
    config.lacp.fast = true;
    return config;
}

inline Identity identity(uint8_t system) {
    return {.mac = {2, 0, 0, 0, 0, system}, .hash_seed = 0x5eed, .slot = system};
}

/// Device of "p3": 13. Its LACP port number: 4.
inline port::DeviceId device_of(const std::string &port) {
    return static_cast<port::DeviceId>(10 + std::stoi(port.substr(1)));
}

inline AttachedPort attached(const std::string &name) {
    AttachedPort port;
    port.name = name;
    port.device = device_of(name);
    port.number = static_cast<lacp::PortNumber>(port.device - 9);
    port.mac = {2, 0, 0, 0, 1, static_cast<uint8_t>(port.device)};
    return port;
}

inline bool is_slow(const OutgoingFrame &frame) {
    return frame::is_slow_protocol(frame.bytes);
}

struct Driven {
    lacp::Time now;
    Aggregate aggregate;
    Names announced; ///< ports that announcements left on, as a Pair saw them

    explicit Driven(const config::Lagg &config, uint8_t system = 1,
                    recording::Recorder *recorder = nullptr)
        : now{std::chrono::seconds(100)}, aggregate(config, identity(system), now, recorder) {}

    /// Attaches every configured port and brings its link up.
    void start() {
        for (const std::string &name : aggregate.config().ports) {
            attach(name);
            set_link(name, true);
        }
    }
    /// Changes what is wanted of the lagg.
    template <class Change> void want(Change change) {
        WantedLagg wanted = aggregate.in_force();
        change(wanted);
        aggregate.become(
            wanted, [](worker::EndpointId) { return worker::DeviceTotals{}; }, now);
    }
    static WantedPort &port_of(WantedLagg &wanted, const std::string &name) {
        return *std::ranges::find(wanted.ports, name, &WantedPort::name);
    }
    void attach(const std::string &name) { attach(attached(name)); }
    void attach(const AttachedPort &port) {
        want([&](WantedLagg &wanted) { port_of(wanted, port.name).attached = port; });
    }
    /// Parameters of a port that is attached.
    void update(const AttachedPort &port) { attach(port); }
    void fail(const std::string &name, const std::string &device, const std::string &problem) {
        want([&](WantedLagg &wanted) {
            port_of(wanted, name) = {.name = name, .device_text = device, .problem = problem};
        });
    }
    void detach(const std::string &name) { aggregate.detach(name, now); }
    void set_link(const std::string &name, bool up, uint32_t speed_mbps = 10000) {
        aggregate.link_changed(device_of(name),
                               {.up = up, .full_duplex = true, .speed_mbps = speed_mbps}, "test",
                               now);
    }
    template <class Change> void reconfigure(Change change) {
        want([&](WantedLagg &wanted) {
            change(wanted.config);
            std::vector<WantedPort> ports;
            for (const std::string &name : wanted.config.ports) {
                const auto known = std::ranges::find(wanted.ports, name, &WantedPort::name);
                ports.push_back(known != wanted.ports.end()
                                    ? *known
                                    : WantedPort{.name = name, .attached = {}});
            }
            wanted.ports = std::move(ports);
        });
    }
    void set_identity(const Identity &identity) {
        want([&](WantedLagg &wanted) { wanted.identity = identity; });
    }

    /// What the engine says when every worker has seen the forwarding state.
    void hold_is_in_force() {
        if (aggregate.flow_move().wants_grace()) aggregate.holds_in_force(1, now);
    }

    std::string name_of(uint8_t index) const { return name_of(index, aggregate.forwarding()); }
    std::string name_of(uint8_t index, const worker::LaggForwarding &forwarding) const {
        for (const Member &member : aggregate.members())
            if (member.port && member.port->device == forwarding.members[index].device)
                return member.name;
        return "nobody";
    }
    Names collecting() const {
        return chosen(aggregate.forwarding(), [](const worker::Member &m) { return m.collecting; });
    }
    Names distributing() const { return distributing(aggregate.forwarding()); }
    Names live() const { return live(aggregate.forwarding()); }
    /// Who gets frames when a worker sends a few hundred flows; "nobody" for frames that are
    /// dropped.
    std::set<std::string> receivers() const { return receivers(aggregate.forwarding()); }
    /// What holds in every state of every protocol.
    void check_promises() const;

  private:
    // A forwarding state takes long to make, and the promises are checked at every step.
    Names distributing(const worker::LaggForwarding &forwarding) const {
        return chosen(forwarding, [](const worker::Member &m) { return m.distributing; });
    }
    Names live(const worker::LaggForwarding &forwarding) const {
        Names names;
        for (uint8_t i = 0; i < forwarding.spread.live_count; ++i)
            names.push_back(name_of(forwarding.spread.live[i], forwarding));
        return names;
    }
    std::set<std::string> receivers(const worker::LaggForwarding &forwarding) const;
    template <class Condition>
    Names chosen(const worker::LaggForwarding &forwarding, Condition condition) const {
        Names names;
        for (const Member &member : aggregate.members())
            if (member.port && condition(forwarding.members[member.index]))
                names.push_back(member.name);
        return names;
    }
};

} // namespace lagg::aggregation
