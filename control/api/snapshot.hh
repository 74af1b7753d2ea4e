// What an observer can know of the running daemon, in plain structs: the one source for the API,
// the client and everything that reports.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lagg::api {

struct MachineStates {
    std::string rx; ///< CURRENT, EXPIRED, ...
    std::string periodic;
    std::string mux;
    std::string selected; ///< SELECTED, UNSELECTED, STANDBY
    std::string actor_churn;
    std::string partner_churn;
};

struct LacpEnd {
    uint16_t system_priority = 0;
    std::string system; ///< MAC address
    uint16_t key = 0;
    uint16_t port_priority = 0;
    uint16_t port = 0;
    std::string flags; ///< eight characters, as lacp::flags_text
};

struct LacpPort {
    MachineStates machines;
    LacpEnd actor;
    LacpEnd partner;
    uint16_t aggregator = 0;
    bool loopback = false;
    uint32_t actor_churn_count = 0;
    uint32_t partner_churn_count = 0;
    uint64_t lacpdus_rx = 0;
    uint64_t lacpdus_tx = 0;
    uint64_t marker_pdus_rx = 0;
    uint64_t marker_response_pdus_tx = 0;
    uint64_t unknown_rx = 0;
    uint64_t illegal_rx = 0;
    std::optional<double> last_rx_seconds; ///< since the last LACPDU came
    std::string last_change_reason;
    double last_change_seconds = 0; ///< since the mux state changed
};

struct Counters {
    uint64_t rx_packets = 0;
    uint64_t rx_bytes = 0;
    uint64_t tx_packets = 0;
    uint64_t tx_bytes = 0;
    uint64_t rx_not_collecting = 0; ///< dropped: the port was not collecting
    uint64_t tx_no_member = 0;      ///< dropped: no port was distributing
    uint64_t tx_full = 0;           ///< dropped: the device did not take them
    uint64_t slow_rx = 0;
    uint64_t slow_tx = 0;
    uint64_t slow_dropped = 0; ///< slow-protocol frames the ring or the device did not take
};

struct Port {
    std::string name;
    std::string device;
    std::string driver;
    std::string mac;
    bool link_up = false;
    uint32_t speed_mbps = 0; ///< 0 when unknown
    bool full_duplex = true;
    std::string link_source; ///< interrupt, rtnetlink, poll
    std::string state;       ///< opening, running, failed
    std::string problem;     ///< why it failed, or empty
    bool collecting = false;
    bool distributing = false;
    unsigned buckets = 0; ///< of 4096 that lead to this port
    uint32_t link_failures = 0;
    Counters counters;
    std::optional<LacpPort> lacp;
};

struct Lagg {
    std::string name;
    std::string description;
    std::string protocol;
    std::string state; ///< UP, DEGRADED, NEGOTIATING, DOWN, DISABLED
    bool carrier = false;
    std::string mac;
    uint16_t mtu = 0;
    uint64_t speed_mbps = 0; ///< sum over distributing ports
    uint16_t min_links = 1;
    std::string upper; ///< kernel:lagg0, port:NAME, none
    std::vector<std::string> aliases;
    std::string hash_policy;
    uint32_t hash_seed = 0;
    uint32_t roundrobin_stride = 1;
    bool lacp_active = true;
    bool lacp_fast = false;
    uint16_t active_aggregator = 0;
    std::string partner_system; ///< of the active aggregator, empty when none
    double last_change_seconds = 0;
    std::string last_change_reason;
    Counters counters;       ///< of the upper side: rx came from the client, tx went to it
    std::vector<Port> ports; ///< in configured order
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

} // namespace lagg::api
