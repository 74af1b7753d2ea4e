// The MAC address of a lagg: chosen once and kept, over reloads and restarts, for as long as nobody
// else can send under it. A new address is a new system to the partner.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/mac_address.hh"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace lagg::daemon {

/// An address that was chosen, and whose it is.
struct ChosenMac {
    MacAddress mac{};
    std::string device; ///< identity of the device that it belongs to; empty when it is random
    bool operator==(const ChosenMac &) const = default;
};

/// By the name of the lagg.
using ChosenMacs = std::map<std::string, ChosenMac>;

/// What the choice depends on besides the configuration.
struct MacFacts {
    ChosenMacs kept;                        ///< by laggs that run, or remembered of an earlier run
    std::map<std::string, MacAddress> macs; ///< of devices that are open, by their identity
    /// Whether the host sends under the address of a device that no port has.
    std::function<bool(const std::string &device)> host_uses;
    std::function<MacAddress()> random;
};

/// For each lagg the configured address; else the one that was kept, unless its device is elsewhere
/// now: a port of another lagg, or the host's own interface; else that of the first port whose
/// device is known, as lagg(4) does; else a random one. No two are the same.
ChosenMacs choose_macs(const config::Config &next, const MacFacts &facts);

/// A locally administered unicast address.
MacAddress random_mac();

/// How the names of the files end that remember addresses.
inline constexpr const char *kRememberedMac = ".mac";
/// What an earlier run remembered of the lagg. A file that cannot be understood is none.
std::optional<ChosenMac> remembered_mac(const std::string &state_directory,
                                        const std::string &lagg);
/// Failure is told, and costs no more than the same address after the next start.
void remember_mac(const std::string &state_directory, const std::string &lagg,
                  const ChosenMac &mac);
void forget_mac(const std::string &state_directory, const std::string &lagg);

} // namespace lagg::daemon
