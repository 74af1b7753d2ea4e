// Brings what runs in line with a configuration: devices, MTUs, kernel interfaces, laggs. A change
// is made whole or not at all. Everything here may wait for devices, so it has a thread of its own
// (main).
#pragma once

#include "control/config/config.hh"
#include "laggd/edge.hh"
#include "laggd/plan.hh"
#include "laggd/running.hh"
#include "laggd/undo.hh"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lagg::daemon {

/// How long the last LACPDUs of a port may take to be sent; after that it goes without.
inline constexpr std::chrono::milliseconds kGoodbyeLimit(500);
/// How long devices may take to be closed before everything else goes on.
inline constexpr std::chrono::milliseconds kCloseLimit(3000);

class Supervisor {
  public:
    struct Parts {
        Edge &edge;
        ProtocolSide &protocol;
        std::string state_directory;
    };
    explicit Supervisor(Parts parts);
    ~Supervisor();
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;

    /// At the start of the daemon: a port that cannot be opened is reported, left out and tried
    /// again, since the others should carry traffic. Other failures are returned.
    Result<void> start(const config::Config &config, PoliciesOfLaggs policies);
    /// On failure everything is as before. True when something changed: the configuration, or the
    /// content of a program that it names.
    Result<bool> reload(const config::Config &config, PoliciesOfLaggs policies);
    /// Tries the ports that could not be opened, and kernel interfaces that could not be made
    /// again or are where nobody tells what becomes of them.
    void retry();
    /// Whether there is anything to retry.
    bool has_failures() const;
    /// The device of a port went away under it: closed, and tried again with the failed ones. `why`
    /// completes "its device ...".
    void lost_device(const std::string &port, const std::string &why);
    /// The link of a port went down: what its device still holds must not leave when it returns.
    void empty_queues(const std::string &port);
    /// Somebody did something to the kernel interface of a lagg. One that was deleted is made
    /// again, one that lost its carrier is told it again, one with another name is known by that.
    void mend_interface(const std::string &lagg);
    /// Tells partners and closes everything; kernel interfaces stay. False when a device does not
    /// let itself be closed: a thread still waits for it then, and only the end of the process
    /// helps.
    bool stop();

    const Running &running() const { return running_; }
    /// The configuration before the last change that was made.
    const std::optional<config::Config> &previous() const { return previous_; }

  private:
    enum class Kind {
        START,  ///< ports that cannot be opened are left out
        RELOAD, ///< they refuse the change
        STOP,   ///< kernel interfaces stay
    };
    Result<bool> change_to(const config::Config &next, PoliciesOfLaggs policies, Kind kind);

    // What can fail. `to` is what the change makes.
    Result<void> prepare(const Plan &plan, Running &to, Kind kind);
    Result<void> open_new_ports(const Plan &plan, Running &to, Kind kind);
    Result<void> open_port(Running &to, const std::string &name);
    enum class MtuChange { GROW, SHRINK };
    Result<void> set_mtus(const Running &to, MtuChange change, Undo &undo);
    Result<void> set_mtu(const std::string &port, OpenPort &device, uint16_t mtu);
    Result<void> allow_other_pools(const config::Config &next);
    Result<void> prepare_uppers(Running &to, Undo &undo);
    void choose_identities(Running &to);
    std::map<std::string, MacAddress> known_macs(const Running &to) const;

    // What cannot.
    void commit(const Plan &plan, Running to, Kind kind);
    void take_away(const Plan &plan);
    void exchange_devices(const Plan &plan, Running &to);
    void hear(Running &in);
    void put(const std::vector<std::string> &laggs);
    void put_all();
    void tell_what_is_new(const Plan &plan, const PoliciesOfLaggs &before) const;
    void remember_identities(const Plan &plan) const;
    bool report_unclosed();

    // Devices while their laggs carry traffic (running_devices.cc).
    Result<void> change_while_stopped(const std::string &port, OpenPort &device,
                                      const std::function<Result<void>(OpenPort &)> &change);
    std::vector<Membership> memberships(const std::string &port) const;
    bool wait_until_it_carries(const std::string &port);
    bool carries(const std::string &port);
    void pause(const std::string &port);
    void resume(const std::string &port);
    void put_uppers_at(const std::string &port);
    void leave_out(Running &in, const std::string &port, const Error &why);
    void retry_ports();
    void mend_interfaces();
    void make_interface_again(const std::string &lagg);
    kernel::Want want_for(const config::Lagg &lagg, const Running &in) const;

    Parts parts_;
    Running running_;
    std::optional<config::Config> previous_;
};

} // namespace lagg::daemon
