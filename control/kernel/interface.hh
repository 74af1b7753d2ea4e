// A kernel interface as we want it and as it is: MTU, addresses, description, MAC, carrier.
//
// plan() is pure; Rtnetlink executes. All over rtnetlink (libnl-route).
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/mac_address.hh"
#include "dataplane/base/result.hh"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace lagg::kernel {

/// What the configuration asks of the interface.
struct Want {
    uint16_t mtu = 1500;
    MacAddress mac{};
    std::string description; ///< ifalias
    std::vector<config::Alias> aliases;
    bool operator==(const Want &) const = default;
};

/// What the kernel has. Link-local IPv6 addresses the kernel made itself are not listed.
struct Have {
    unsigned index = 0;
    bool up = false;
    bool carrier = false;
    uint16_t mtu = 0;
    MacAddress mac{};
    std::string description;
    std::vector<config::Alias> aliases;
};

struct SetMtu {
    uint16_t mtu;
};
struct SetMac {
    MacAddress mac;
};
struct SetDescription {
    std::string description;
};
struct AddAlias {
    config::Alias alias;
};
struct RemoveAlias {
    config::Alias alias;
};
struct SetUp {};
using Change = std::variant<SetMtu, SetMac, SetDescription, AddAlias, RemoveAlias, SetUp>;

/// The changes from `have` to `want`, in an order the kernel takes. `ours` are the aliases an
/// earlier configuration of this daemon set: of the addresses present, only those are removed when
/// they are no longer wanted, so that what an operator added by hand stays.
std::vector<Change> plan(const Have &have, const Want &want,
                         const std::vector<config::Alias> &ours);
std::string to_string(const Change &change);

/// A netlink route socket. One thread at a time.
class Rtnetlink {
  public:
    static Result<std::unique_ptr<Rtnetlink>> open();
    virtual ~Rtnetlink() = default;

    /// Nothing when there is no such interface. Addresses with a peer are not listed.
    virtual Result<std::optional<Have>> read(const std::string &name) = 0;
    /// Adding an address that is there and removing one that is not are fine. IPv6 addresses are
    /// usable at once (no duplicate test). Removing an IPv4 address sets promote_secondaries of the
    /// interface, so that the kernel does not take others of the subnet along.
    virtual Result<void> apply(const std::string &name, const Change &change) = 0;
    /// Removes a persistent TAP of ours; fine when there is none, an error when it is no TAP.
    virtual Result<void> remove(const std::string &name) = 0;
    /// Names of all TAP interfaces called lagg and a number, by number.
    virtual Result<std::vector<std::string>> lagg_interfaces() = 0;
};

/// Keeps the host's own stack off an interface whose frames a lagg takes (net_af_packet,
/// net_af_xdp): without this the kernel answers ARP and IP on it as well. Sets disable_ipv6,
/// arp_ignore, rp_filter and forwarding of the interface, brings it up, and remembers what was
/// there: in a file, since a process that is killed puts nothing back.
class Quieted {
  public:
    /// `directory` is where such files are; where it cannot be written to, it goes without. What a
    /// killed process has left there of this interface counts as what was there before.
    static Result<std::unique_ptr<Quieted>>
    quieten(Rtnetlink &netlink, const std::string &interface, const std::string &directory);
    /// Restores the sysctls where the interface still exists, renamed or not; leaves it up. After a
    /// process that was killed also the MTU, the MAC address and promiscuity, which the port found
    /// changed.
    virtual ~Quieted() = default;
    /// False of an interface that was deleted, or moved to another network namespace: nothing can
    /// be put back then.
    virtual bool is_there() const = 0;
};

/// Puts back what killed processes have left of interfaces other than those `in_use` (indexes), as
/// far as `directory` tells: the names of these interfaces.
std::vector<std::string> put_back_left_over(Rtnetlink &netlink, const std::string &directory,
                                            const std::vector<unsigned> &in_use);

} // namespace lagg::kernel
