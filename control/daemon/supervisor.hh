// Brings what runs in line with a configuration: devices, MTUs, kernel interfaces, laggs. A change
// is made whole or not at all. Everything here may wait for devices, so it has a thread of its own
// (main).
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "control/config/config.hh"
#include "control/config/diff.hh"
#include "control/daemon/kernel_upper.hh"
#include "control/daemon/policies.hh"
#include "control/daemon/undo.hh"
#include "control/kernel/interface.hh"
#include "dataplane/port/undertaker.hh"

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

/// The error with DPDK's first complaint since the last time anybody asked.
Error with_dpdk_reason(Error error);
/// Logs the ports that are not closed yet; true when there are none.
bool report_unclosed(const std::vector<std::string> &ports);
/// Null when the configuration has no lagg of that name.
const config::Lagg *find_lagg(const config::Config &config, const std::string &name);
/// Whether some lagg uses the port, as a member or as its upper side.
bool is_used(const config::Config &config, const std::string &port);
/// Whether all frames of such a configuration come from one packet pool and have one owner.
bool has_one_pool(const config::Config &config);

class Supervisor {
  public:
    struct Parts {
        const port::PacketPool &pool;
        aggregation::ProtocolThread &protocol;
        kernel::Rtnetlink &netlink;
        unsigned workers;
        std::string state_directory;
        /// Why no kernel interface can be made, or empty when it can.
        std::string no_kernel_interface;
        std::string config_file; ///< for messages about what it names
    };
    explicit Supervisor(Parts parts);
    ~Supervisor();
    Supervisor(const Supervisor &) = delete;
    Supervisor &operator=(const Supervisor &) = delete;

    /// At the start of the daemon: a port that cannot be opened is reported, left out and tried
    /// again, since the others should carry traffic. Other failures are returned.
    Result<void> start(const config::Config &config, const config::Positions &positions);
    /// On failure everything is as before. True when something changed: the configuration, or the
    /// content of a program that it names.
    Result<bool> reload(const config::Config &config, const config::Positions &positions);
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
    /// Ports left out for now, with the reasons.
    const std::map<std::string, std::string> &failed_ports() const { return failed_; }
    /// Tells partners and closes everything; kernel interfaces stay. False when a device does not
    /// let itself be closed: a thread still waits for it then, and only the end of the process
    /// helps.
    bool stop();

    const config::Config &config() const { return config_; }

  private:
    struct OpenPort {
        std::unique_ptr<kernel::Ownership> ownership;
        std::unique_ptr<kernel::Quieted> quieted;
        std::unique_ptr<port::Port> port; ///< destroyed before the interface gets its sysctls back
        std::vector<std::string> complaints; ///< of DPDK while it was opened
    };
    struct RunningLagg {
        aggregation::Identity identity;
        std::unique_ptr<KernelUpper> kernel;
    };

    Result<bool> change_to(const config::Config &next, const config::Positions &positions,
                           bool tolerant);
    Result<void> open_ports(const config::Config &next, bool tolerant, Undo &undo);
    bool has_to_wait(const config::Config &next, const std::string &port) const;
    void exchange_devices(const config::Config &next);
    void leave_out(const std::string &port, const Error &why);
    Result<void> open_port(const config::Config &next, const std::string &name);
    enum class MtuChange { GROW, SHRINK };
    Result<void> set_mtus(const config::Config &next, MtuChange change, Undo &undo);
    Result<void> set_mtu(const std::string &port, uint16_t mtu);
    Result<void> allow_other_pools(const config::Config &next);
    Result<void> change_while_stopped(const std::string &port,
                                      const std::function<Result<void>(port::Port &)> &change);
    bool wait_until_it_carries(const std::string &port);
    bool carries(const std::string &port);
    void pause(const std::string &port);
    void resume(const std::string &port);
    void close_port(const std::string &port);
    void retry_ports();
    void mend_interfaces();
    static bool is_elsewhere(const RunningLagg &lagg);
    void make_interface_again(const std::string &lagg);
    void tell_upper(const std::string &lagg);
    std::vector<const config::Lagg *> laggs_over(const std::string &port) const;
    Result<void> prepare_uppers(const config::Config &next, Undo &undo);
    void close_unused(const config::Config &next, const config::Changes &changes);

    void take_away(const config::Config &next, const config::Changes &changes);
    void give(const config::Config &next, const config::Changes &changes,
              const PoliciesOfLaggs &policies);
    bool has_other_program(const std::string &lagg, const PoliciesOfLaggs &policies) const;
    void attach(const config::Config &config, const config::Lagg &lagg, const std::string &port);
    aggregation::AttachedPort describe(const config::Config &config, const std::string &port);
    aggregation::UpperDevice upper_device(const config::Lagg &lagg) const;
    aggregation::Identity new_identity(const config::Config &next) const;
    MacAddress mac_for(const config::Lagg &lagg, const aggregation::Identity *present) const;
    kernel::Want want_for(const config::Lagg &lagg, const MacAddress &mac) const;
    bool kernel_wanted(const config::Lagg &lagg) const;
    lacp::PortNumber number_for(const config::Config &config, const std::string &port);
    uint16_t mtu_of(const config::Config &config, const std::string &port) const;

    Parts parts_;
    config::Config config_;
    port::Undertaker undertaker_;
    std::map<std::string, OpenPort> ports_;
    std::map<std::string, RunningLagg> laggs_;
    /// Laggs whose kernel interface was deleted and could not be made again, with the reasons.
    std::map<std::string, std::string> failed_interfaces_;
    PoliciesOfLaggs policies_;
    std::map<std::string, std::string> failed_; ///< port name to the reason
    std::map<std::string, lacp::PortNumber>
        numbers_; ///< a port keeps its number while the daemon runs
    std::map<std::string, std::unique_ptr<KernelUpper>> new_uppers_; ///< made, not yet in use
    std::map<std::string, aggregation::Identity> new_identities_;
};

} // namespace lagg::daemon
