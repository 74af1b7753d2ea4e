// What the protocol thread is told of a lagg: all of it, as one value, whenever any of it changes.
// Nobody has to know what it was before.
#pragma once

#include "control/aggregation/loaded_policies.hh"
#include "control/config/config.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/packet_socket.hh"
#include "dataplane/port/port.hh"
#include "dataplane/upper/upper.hh"
#include "dataplane/worker/forwarding_state.hh"
#include "lacp/types.hh"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lagg::aggregation {

/// A started device, handed over to the protocol thread.
struct AttachedPort {
    std::string name;
    std::string device_text; ///< as configured
    std::string driver;
    port::DeviceId device = port::kNoDevice;
    lacp::PortNumber number = 0;
    MacAddress mac{};
    uint16_t queues = 1;
    bool slow_queue = false; ///< one more to receive from
    uint16_t rx_descriptors = 0;
    port::LinkSource link_source = port::LinkSource::DRIVER;
    unsigned interface_index = 0;
    /// Asks the driver for the link; null where rtnetlink tells, and in tests.
    std::shared_ptr<port::LinkWatch> watch;
    /// Behind a kernel-backed port; lives for as long as the port is attached.
    const port::PacketSocket *packets = nullptr;
    port::Hearing hearing;
    /// Abilities of the device that are in use.
    std::vector<std::string> features;
    /// Complaints of DPDK about the device, which opened all the same.
    std::vector<std::string> complaints;
    bool is_pci = false;
    bool frees_fast = false; ///< as port::Port::frees_fast(); true may be out of date
    config::PortLacp lacp;
    std::optional<uint16_t> weight; ///< as configured

    uint16_t receive_queues() const { return static_cast<uint16_t>(queues + (slow_queue ? 1 : 0)); }
};

/// What a lagg keeps while its configuration changes.
struct Identity {
    MacAddress mac{};
    uint32_t hash_seed = 0;
    uint8_t slot = 0; ///< where workers keep what they remember of it
    bool operator==(const Identity &) const = default;
};

/// A port that belongs to a lagg: its device, or what keeps it out.
struct WantedPort {
    std::string name;
    std::optional<AttachedPort> attached{};
    std::string device_text{}; ///< of a port without a device
    std::string problem{};     ///< why it has none; empty while nobody has tried yet
};

/// A lagg as it should be from now on.
struct WantedLagg {
    config::Lagg config;
    Identity identity;
    upper::Upper upper{}; ///< where it comes out
    Policies policies{};
    std::vector<WantedPort> ports{}; ///< those of `config`, in its order
};

} // namespace lagg::aggregation
