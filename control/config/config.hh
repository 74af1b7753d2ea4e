// The configuration as plain data: what lagg.toml and the API's JSON both become.
#pragma once

#include "control/config/protocol.hh"
#include "dataplane/base/mac_address.hh"
#include "dataplane/distribute/policy.hh"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lagg::config {

inline constexpr uint16_t kMinMtu = 1492;
inline constexpr uint16_t kMaxMtu = 9216;
inline constexpr uint16_t kDefaultMtu = 1500;
/// Ports of one lagg; as many as lacp::kMaxPorts.
inline constexpr size_t kMaxPortsPerLagg = 32;
/// DPDK of Debian 12 is built for 32 devices (RTE_MAX_ETHPORTS).
inline constexpr size_t kMaxDevices = 32;
/// Laggs without any device of their own, upper "none" and no port open, have a limit too.
inline constexpr size_t kMaxLaggs = 32;

/// Threads that move packets; as many as worker::kMaxWorkers.
inline constexpr size_t kMaxWorkers = 16;

inline constexpr uint16_t kMaxWeight = 1000;
/// Rules of one lagg. A frame is held against one after the other.
inline constexpr size_t kMaxRules = 64;

enum class Memory { AUTO, HUGEPAGES, NONE };
enum class Poll {
    ADAPTIVE, ///< an idle worker sleeps for tens of microseconds
    BUSY,     ///< never sleeps
};

struct Daemon {
    /// Cores that workers run on; empty means auto (one worker on the last core this process may
    /// use).
    std::vector<unsigned> workers;
    Memory memory = Memory::AUTO;
    /// Packet buffers in the pool; absent: as many as ports and workers need.
    std::optional<unsigned> buffers;
    /// Memory taken without huge pages, MiB; 0 means as much as `buffers` needs.
    unsigned memory_mb = 0;
    Poll poll = Poll::ADAPTIVE;
    std::string api = "/run/lagg/api.sock";
    /// error, warning, info, debug
    std::string log = "info";
    /// A file that takes what enters and leaves the LACP cores; empty for none.
    std::string record;
    /// More arguments for DPDK's EAL, as they are.
    std::vector<std::string> eal;
    bool operator==(const Daemon &) const = default;
};

/// LACP parameters of one port; what is absent is as in the lagg.
struct PortLacp {
    bool enabled = true;     ///< false: neither speaks nor listens, and carries no traffic
    bool drain = false;      ///< moves its flows away, then goes out of sync
    bool individual = false; ///< shares its Aggregator with no other port
    std::optional<uint16_t> priority;
    std::optional<bool> active;
    std::optional<bool> fast;
    std::optional<uint16_t> key;
    bool operator==(const PortLacp &) const = default;
};

struct Port {
    std::string name;
    /// A PCI address ("0000:03:00.0") or a DPDK vdev string ("net_af_packet,iface=eth1"); a leading
    /// "vdev:" is dropped.
    std::string device;
    PortLacp lacp;
    /// RX and TX descriptors a queue; 1024, or what the device can have, when absent.
    std::optional<uint16_t> descriptors;
    /// Its share of a lagg's flows relative to other ports, 1 to kMaxWeight; absent: as the lagg's
    /// `weights` says.
    std::optional<uint16_t> weight;
    /// Permission for the host to use the device's interface otherwise, for addresses, routes or a
    /// bridge.
    bool in_use = false;
    bool operator==(const Port &) const = default;
};

/// How frames are spread by their contents.
struct Hash {
    /// Its seed is not looked at.
    distribute::Policy policy;
    /// Absent means random at start.
    std::optional<uint32_t> seed;
    /// The absolute path of an eBPF object file that decides in the policy's place; empty for none.
    /// The file is to be read at every reload: its content may differ where its name does not.
    std::string bpf;
    /// Buckets move from a port that is full to one that is not.
    bool rebalance = false;
    bool operator==(const Hash &) const = default;
};

/// Frames that a filter matches go to one port while it distributes, whatever the hash says.
struct Rule {
    std::string filter; ///< in the language of pcap-filter(7); not compiled here
    std::string port;   ///< one of the lagg's
    bool operator==(const Rule &) const = default;
};

/// What a port without a weight of its own weighs.
enum class Weights {
    EQUAL, ///< 1
    SPEED, ///< as many as its link has Gbit/s
};

/// Which of several partners gets the traffic.
enum class Select { STABLE, BANDWIDTH, COUNT, PARTNER_PRIORITY };
/// What happens when no partner speaks.
enum class Fallback { NONE, STATIC, INDIVIDUAL };

/// What is assumed of a partner that does not speak (Partner_Admin of the standard).
struct PartnerAdmin {
    uint16_t system_priority = 0;
    MacAddress system{};
    uint16_t key = 0;
    uint16_t port_priority = 0;
    uint16_t port = 0;
    bool operator==(const PartnerAdmin &) const = default;
};

struct Lacp {
    bool active = true;
    bool fast = false;
    bool strict = true; ///< false: optimistic partner defaults, as lagg(4) -lacp_strict
    uint16_t system_priority = 32768;
    std::optional<MacAddress> system_mac; ///< the lagg's own MAC when absent
    uint16_t port_priority = 32768;
    std::optional<uint16_t> key; ///< number of the lagg plus one when absent
    bool coupled = false;        ///< mux control
    uint16_t max_links = 0;      ///< 0: no limit; the others stand by
    bool revertive = true;
    uint32_t wait_to_restore_seconds = 0;
    Select select = Select::STABLE;
    Fallback fallback = Fallback::NONE;
    uint32_t fallback_timeout_seconds = 10;
    uint32_t churn_time_seconds = 60;
    /// Identity assumed of a silent partner; its state is that of `strict`.
    PartnerAdmin partner;
    bool operator==(const Lacp &) const = default;
};

enum class UpperKind { KERNEL, PORT, NONE };
struct Upper {
    UpperKind kind = UpperKind::KERNEL;
    /// The [[port]] the frames come from and go to; empty for a kind that takes none.
    std::string port;
    /// The lagg has an interface of the kernel, which is called as the lagg is.
    bool has_interface() const;
    bool operator==(const Upper &) const = default;
};

/// An interface address: 4 or 16 octets in network order, and a prefix length.
struct Alias {
    bool v6 = false;
    std::array<uint8_t, 16> address{}; ///< the first 4 octets for IPv4
    uint8_t prefix_length = 0;
    auto operator<=>(const Alias &) const = default;
};
/// "192.0.2.1/24", "2001:db8::1/64".
std::string to_string(const Alias &alias);

struct Lagg {
    std::string name; ///< lagg and a number
    std::string description;
    Protocol protocol = Protocol::LACP;
    std::vector<std::string> ports; ///< order is failover priority, first is primary
    uint16_t mtu = kDefaultMtu;
    std::optional<MacAddress> mac; ///< of the first port when absent
    std::vector<Alias> aliases;
    Hash hash;
    Weights weights = Weights::EQUAL;
    std::vector<Rule> rules; ///< the first that matches counts
    Lacp lacp;
    uint16_t min_links = 1;
    uint32_t roundrobin_stride = 1; ///< packets in a row on one port
    bool rx_all = false;            ///< failover: accept frames on ports that are not active
    Upper upper;
    bool operator==(const Lagg &) const = default;
};

bool is_member(const Lagg &lagg, const std::string &port);
/// Whether the port is the lagg's upper side.
bool comes_out_at(const Lagg &lagg, const std::string &port);
/// Either of the two.
bool uses_port(const Lagg &lagg, const std::string &port);

struct Config {
    Daemon daemon;
    std::vector<Port> ports;
    std::vector<Lagg> laggs;
    bool operator==(const Config &) const = default;
};

const char *to_text(Protocol protocol);
const char *to_text(UpperKind kind);
const char *to_text(Weights weights);
const char *to_text(Select select);
const char *to_text(Fallback fallback);

} // namespace lagg::config
