// What a change of the configuration does to the world, behind a few functions: devices, kernel
// interfaces, and what the protocol thread is told. A test stands in for the world here.
//
// Handles are shared between the state that is in force and the one a change is making. Whoever
// drops the last one closes what is behind it.
#pragma once

#include "control/aggregation/wanted.hh"
#include "control/config/config.hh"
#include "control/kernel/interface.hh"
#include "dataplane/base/result.hh"
#include "dataplane/upper/upper.hh"

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lagg::daemon {

/// A device that is open and started. No worker may use it any more when the last handle goes.
class OpenPort {
  public:
    OpenPort() = default;
    virtual ~OpenPort() = default;
    OpenPort(const OpenPort &) = delete;
    OpenPort &operator=(const OpenPort &) = delete;

    /// What the protocol thread has to know of the device; all that the configuration says of the
    /// port is left out.
    virtual aggregation::AttachedPort attached() const = 0;
    virtual uint16_t mtu() const = 0;
    /// As port::Port says of each.
    virtual bool restarts_for_mtu() const = 0;
    virtual bool has_one_pool() const = 0;
    virtual Result<void> set_mtu(uint16_t mtu) = 0;
    virtual Result<void> take_other_pools() = 0;
    virtual Result<void> stop() = 0;
    virtual Result<void> start_again() = 0;
    virtual Result<bool> empty_queues() = 0;
    virtual port::Hearing hear(const MacAddress &lagg) = 0;
};

/// What is open for a lagg to come out at, besides a port. Until it is kept, dropping the last
/// handle takes the opening back: an interface that is new is removed, another one becomes what it
/// was.
class OpenUpper {
  public:
    OpenUpper() = default;
    virtual ~OpenUpper() = default;
    OpenUpper(const OpenUpper &) = delete;
    OpenUpper &operator=(const OpenUpper &) = delete;

    /// The lagg has it: the last handle lets go of it, and what the kernel has of it stays.
    virtual void keep() = 0;
    /// All of it goes with the last handle.
    virtual void remove_at_end() = 0;
    virtual const kernel::Want &want() const = 0;
    /// From the present wish to a new one; on failure it is as before.
    virtual Result<void> change(const kernel::Want &want) = 0;
    /// As the lagg in this slot has it.
    virtual upper::Upper upper(uint8_t slot) const = 0;
    enum class Found {
        AS_BEFORE,
        CHANGED, ///< upper() says something else now
        GONE,    ///< it has to be opened anew
    };
    /// What others did to it since the last look, which is logged.
    virtual Found look() = 0;
    /// Others took it to where nothing tells of it.
    virtual bool is_elsewhere() const = 0;
    /// Whether it has another carrier than it was told. Not while somebody has set it down.
    virtual bool has_other_carrier(bool up) const = 0;
};

class Edge {
  public:
    virtual ~Edge() = default;

    /// Opens and starts the device of a port of the configuration, which says all there is to know
    /// of it. Errors name the port.
    virtual Result<std::shared_ptr<OpenPort>> open_port(const config::Config &config,
                                                        const std::string &name) = 0;
    /// What the lagg comes out at as its configuration says; null where there is nothing to open.
    /// Errors name the lagg.
    virtual Result<std::shared_ptr<OpenUpper>> open_upper(const config::Lagg &lagg,
                                                          const kernel::Want &want) = 0;
    /// Waits until devices whose last handle went are closed; ports whose are not when the limit is
    /// over.
    virtual std::vector<std::string> wait_closed(std::chrono::milliseconds limit) = 0;
    /// Whether the host sends under the device's own address while no port has it: the kernel
    /// interface behind it is up. `device` as config::device_identity().
    virtual bool host_uses(const std::string &device) = 0;
};

/// A port in a lagg; with an empty name the whole lagg.
struct Membership {
    std::string lagg;
    std::string port;
    bool operator==(const Membership &) const = default;
};

/// The protocol thread, as far as this one has business with it. See aggregation::Engine for what
/// each call does.
class ProtocolSide {
  public:
    virtual ~ProtocolSide() = default;

    virtual void put(std::span<const aggregation::WantedLagg> laggs) = 0;
    virtual void leave(std::span<const Membership> leaving) = 0;
    virtual void come_back(std::span<const Membership> returning) = 0;
    /// Those that left are detached, or removed.
    virtual void take_off(std::span<const Membership> gone) = 0;
    virtual void pause(std::span<const Membership> paused) = 0;
    virtual void resume(std::span<const Membership> paused, const OpenPort &port) = 0;
    virtual bool wait_settled(std::chrono::milliseconds limit) = 0;
    virtual void wait_for_workers() = 0;
    virtual bool distributes(const Membership &port) = 0;
    virtual bool is_up(const std::string &lagg) = 0;
    virtual void tell_carrier(const std::string &lagg) = 0;
};

} // namespace lagg::daemon
