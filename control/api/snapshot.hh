// What an observer can know of the running daemon, in plain structs: the one source for the API,
// the client and everything that reports.
#pragma once

#include "control/api/states.hh"
#include "dataplane/base/device_counters.hh"
#include "lacp/port_counters.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lagg::api {

struct MachineStates {
    Worded<RxState> rx;
    Worded<PeriodicState> periodic;
    Worded<MuxState> mux;
    Worded<Selected> selected;
    Worded<ChurnState> actor_churn;
    Worded<ChurnState> partner_churn;
};

struct LacpEnd {
    uint16_t system_priority = 0;
    std::string system; ///< MAC address
    uint16_t key = 0;
    uint16_t port_priority = 0;
    uint16_t port = 0;
    LacpFlags flags;
};

/// Parameters of a port that are in force: its own, or those of its lagg.
struct LacpPortParameters {
    bool enabled = true;
    bool active = true;
    bool fast = false;
    bool individual = false;
    uint16_t priority = 0;
    uint16_t key = 0;
};

/// LACPDUs that came with a VLAN tag: nobody's, since LACP belongs to the link.
struct TaggedLacp {
    uint16_t vlan = 0; ///< of the last one's outer tag
    double seconds_ago = 0;
    uint64_t count = 0;
};

struct LacpPort {
    MachineStates machines;
    LacpPortParameters parameters;
    LacpEnd actor;
    LacpEnd partner;
    /// What the partner said of us in the last LACPDU that came.
    std::optional<LacpEnd> partner_sees;
    uint16_t aggregator = 0;
    bool loopback = false; ///< the partner has our own system's MAC
    /// By what a partner with our MAC is somebody else: "its key 9"; empty where it may be us.
    std::string stranger_by;
    bool ignores_markers = false;    ///< the partner has answered none of the last Markers
    bool waiting_to_restore = false; ///< came back, and is not trusted yet
    bool txtest = false;             ///< LACPDUs are held back on purpose
    bool rxtest = false;             ///< LACPDUs that come are dropped on purpose
    uint64_t txtest_dropped = 0;
    uint64_t rxtest_dropped = 0;
    uint32_t actor_churn_count = 0;
    uint32_t partner_churn_count = 0;
    lacp::PortCounters counters; ///< their names stand beside the other fields in JSON
    uint64_t lacpdus_unsent = 0; ///< made and lost: no buffer, or a device that took nothing
    std::optional<double> last_rx_seconds; ///< since the last LACPDU came
    std::optional<double> last_tx_seconds; ///< since the last LACPDU was sent
    /// The longest time between LACPDUs of a partner that was asked for one a second and sends them
    /// more rarely than our timeout lasts; absent for all others.
    std::optional<double> too_slow_seconds;
    std::optional<TaggedLacp> tagged;
    std::string last_change_reason;
    double last_change_seconds = 0; ///< since the mux state changed
};

using Counters = DeviceCountersOf<uint64_t>;

/// What one source says of a port's link.
struct LinkTeller {
    std::string source;                ///< "driver", "device", "notification", ...
    std::optional<bool> up;            ///< absent where it tells changes only, or said nothing yet
    std::optional<double> seconds_ago; ///< since it spoke last
    uint64_t changes = 0;              ///< of the link that were learnt from it
};

/// Counters of the device itself, since it was started.
struct NicCounters {
    uint64_t rx_missed = 0;             ///< a receive queue was full
    uint64_t rx_errors = 0;             ///< damaged on the way
    uint64_t rx_no_buffer = 0;          ///< the packet pool was empty
    uint64_t rx_too_large = 0;          ///< for a device to cut, which no device did
    uint64_t rx_checksums_finished = 0; ///< left to a device by a sender on this machine
    uint64_t tx_errors = 0;             ///< refused by the device or the kernel
};

/// LACPDUs that come to a port whose lagg does not speak LACP.
struct UnwantedLacp {
    std::string system; ///< that sent the last one
    double seconds_ago = 0;
    uint64_t count = 0;
};

/// A check on the way from a port's device outwards.
struct WhyStep {
    std::string check; ///< device, link, LACP, ...
    bool ok = true;
    std::string says;
};

/// Why a port carries no traffic, or that it does.
struct Why {
    bool carries = false; ///< the port transmits the lagg's traffic
    std::string finding;  ///< a word for scripts: link_down, partner_silent, ...; or carries
    std::string reason;   ///< half a sentence; empty when it carries
    std::string advice;   ///< what to do, as sentences; may be empty
    /// Up to the first that is not ok, and with it.
    std::vector<WhyStep> steps;
};

struct Port {
    std::string name;
    std::string device;
    std::string driver;
    std::string mac;
    bool link_up = false;
    uint32_t speed_mbps = 0; ///< 0 when unknown
    bool full_duplex = true;
    std::string link_source; ///< driver, rtnetlink
    std::vector<LinkTeller> link_tellers;
    std::string link_change_by; ///< how its last change was found out; empty before the first
    Worded<PortState> state;
    std::string problem; ///< why it failed, or empty
    bool collecting = false;
    bool distributing = false;
    unsigned buckets = 0; ///< of 4096 that lead to this port
    uint32_t weight = 0;  ///< relative to the other ports; 0 when it is not open
    Worded<DrainedBy> drained_by;
    bool drained = false; ///< its flows have moved
    uint32_t link_failures = 0;
    uint32_t restarts = 0; ///< of the device, so that nothing old leaves after an outage
    /// How it takes frames for the lagg's address, and for the group of slow protocols. Empty: not
    /// at all; absent where the device is not open.
    std::optional<std::string> hears_lagg;
    std::optional<std::string> hears_slow;
    std::vector<std::string> features;   ///< what of the device's abilities is in use
    std::vector<std::string> complaints; ///< of DPDK while the device was opened
    NicCounters nic;
    Counters counters;
    std::optional<UnwantedLacp> unwanted_lacp;
    std::optional<LacpPort> lacp;
    std::optional<Why> why; ///< absent before explain() was asked
};

/// Parameters of a lagg's LACP that are in force, and what holds for all of its ports.
struct LacpSystem {
    bool active = true;
    bool fast = false;
    bool strict = true;
    bool coupled = false;
    uint16_t system_priority = 0;
    std::string system; ///< MAC address
    uint16_t port_priority = 0;
    uint16_t key = 0;
    uint16_t max_links = 0; ///< 0 for no limit
    bool revertive = true;
    uint32_t wait_to_restore_seconds = 0;
    std::string select;   ///< stable, bandwidth, count, partner_priority
    std::string fallback; ///< none, static, individual
    uint32_t fallback_timeout_seconds = 0;
    bool fallback_active = false; ///< no partner speaks, and `fallback` is in force
    uint32_t churn_time_seconds = 0;
    uint16_t collector_max_delay = 0; ///< tens of microseconds
    LacpEnd partner_admin;            ///< what is assumed of a silent partner
};

/// What follows the measured load of a lagg's buckets did. An imbalance is the load of the port
/// that carries most for its weight over the mean: 1 is even.
struct Rebalance {
    bool enabled = false;
    uint64_t rounds = 0; ///< plans that moved something
    uint64_t buckets_moved = 0;
    double imbalance = 1; ///< as last measured
    double last_before = 1;
    double last_after = 1;             ///< as the last plan predicted
    std::optional<double> seconds_ago; ///< since the last plan; absent before the first
    std::string last_action;           ///< which ports took how many buckets
};

/// Frames that a filter matches go to one port.
struct Rule {
    std::string filter;
    std::string port;
};

struct Lagg {
    std::string name;
    std::string description;
    Worded<Protocol> protocol;
    Worded<LaggState> state;
    bool carrier = false;
    std::string mac;
    uint16_t mtu = 0;
    uint64_t speed_mbps = 0; ///< sum over distributing ports
    uint16_t min_links = 1;
    std::string upper; ///< kernel:lagg0, port:NAME, none
    std::vector<std::string> aliases;
    std::string hash_policy;
    uint32_t hash_seed = 0;
    Rebalance rebalance;
    std::string hash_fields; ///< "ip proto port spi": what the policy looks at
    bool hash_symmetric = false;
    bool hash_inner = false;
    std::string hash_program; ///< path of the eBPF object in the policy's place; empty for none
    std::string weights;      ///< equal, speed
    std::vector<Rule> rules;  ///< the first that matches counts
    uint32_t roundrobin_stride = 1;
    bool lacp_active = true;
    bool lacp_fast = false;
    uint16_t active_aggregator = 0;
    std::string partner_system; ///< of the active aggregator, empty when none
    std::optional<LacpSystem> lacp;
    double last_change_seconds = 0;
    std::string last_change_reason;
    Counters counters;       ///< of the upper side: rx came from the client, tx went to it
    std::vector<Port> ports; ///< in configured order
    /// What an operator has to know of it, a line each; empty before explain() was asked.
    std::vector<std::string> warnings;
};

struct Worker {
    unsigned lcore = 0;
    uint64_t loops = 0;
    uint64_t busy_loops = 0; ///< loops that moved a packet
};

struct Status {
    std::string version;
    uint64_t pid = 0;
    double uptime_seconds = 0;
    std::string config_file;
    std::string memory; ///< "huge pages" or "no huge pages"
    uint32_t buffers_total = 0;
    uint32_t buffers_free = 0; ///< in the pool, caches included
    std::string last_reload;   ///< "ok" or the sentence that refused it
    std::vector<Worker> workers;
    std::vector<Lagg> laggs;
};

/// A flow that is asked about, in the words of whoever asks; what is absent is not in its frames.
struct FlowQuestion {
    std::optional<std::string> src; ///< IP addresses, both of them or none
    std::optional<std::string> dst;
    std::optional<std::string> proto; ///< tcp, udp, ... or a number
    std::optional<std::string> sport;
    std::optional<std::string> dport;
    std::optional<std::string> smac;
    std::optional<std::string> dmac;
    std::optional<std::string> vlan;
    std::optional<std::string> inner_vlan;
    std::optional<std::string> flow_label;
    std::optional<std::string> spi;
    std::optional<std::string> ethertype; ///< of the outer frame, where IP is inside of a tunnel
    std::optional<std::string> fragment;  ///< yes: it comes in fragments; no
};

/// Where a flow goes under one policy.
struct PolicyAnswer {
    std::string policy;
    bool own = false;   ///< that of the lagg; the others are told for comparison
    std::string fields; ///< of those it looks at, the ones that such a frame has
    uint32_t hash = 0;
    uint32_t bucket = 0;
    std::string port;    ///< empty when no port distributes
    bool moving = false; ///< frames wait until it is sure that none overtakes another
};

struct FlowAnswer {
    std::string lagg;
    std::string protocol;
    std::string how; ///< a sentence: how such a lagg decides
    uint32_t seed = 0;
    std::vector<PolicyAnswer> policies; ///< the lagg's own first; empty where no hash decides
    std::vector<std::string> notes;     ///< sentences: what else has a say
};

/// A machine of a port's LACP, or of its aggregator, went from one state to another.
struct Transition {
    std::string time; ///< wall clock, UTC: 2026-01-31T23:59:59.123Z
    double seconds_ago = 0;
    std::string machine; ///< receive, mux, selection, ...
    std::string from;
    std::string to;
    std::string reason;
};

struct MarkerInformation {
    std::string system; ///< MAC address of who asked
    uint16_t port = 0;
    uint32_t transaction = 0;
};

/// A slow-protocol frame as it was sent or came.
struct Pdu {
    std::string time; ///< as in Transition
    double seconds_ago = 0;
    std::string direction; ///< tx, rx
    std::string kind;      ///< LACPDU, Marker, Marker Response, unknown, illegal
    uint32_t length = 0;   ///< octets without FCS
    std::optional<LacpEnd> actor;
    std::optional<LacpEnd> partner;
    std::optional<uint16_t> collector_max_delay; ///< tens of microseconds
    std::optional<MarkerInformation> marker;
    /// What differs from the LACPDU before it in the same direction: "actor +N", "partner key 1>2",
    /// "partner is another".
    std::vector<std::string> changed;
    std::string hex; ///< the octets that were kept, from the destination address on
};

/// What happened on a port lately; oldest first.
struct PortHistory {
    std::string lagg;
    std::string port;
    std::vector<Transition> transitions;
    std::vector<Pdu> pdus;
};

/// All that the driver of a port counts, by its own names.
struct ExtendedCounter {
    std::string name;
    uint64_t value = 0;
};
struct ExtendedCounters {
    std::string lagg;
    std::string port;
    std::vector<ExtendedCounter> counters;
};

} // namespace lagg::api
