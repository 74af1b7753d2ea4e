// Laggs as an operator meets them: a healthy one, one with trouble, one on standby.
#pragma once

#include "control/api/snapshot.hh"

namespace lagg::ctl::testing {

inline api::Port port(const char *name, bool distributing) {
    api::Port port;
    port.name = name;
    port.device = std::string("0000:03:00.") + name[1];
    port.driver = "net_ixgbe";
    port.mac = std::string("02:00:00:00:00:0") + name[1];
    port.link_up = true;
    port.speed_mbps = 10000;
    port.link_source = "driver";
    port.hears_lagg = "address added";
    port.hears_slow = "filter";
    port.state = "running";
    port.collecting = port.distributing = distributing;
    port.buckets = distributing ? 2048 : 0;
    port.weight = 1;
    return port;
}

inline api::LacpPort bundled(uint16_t number) {
    api::LacpPort lacp;
    lacp.machines = {"CURRENT",  "SLOW_PERIODIC", "COLLECTING_DISTRIBUTING",
                     "SELECTED", "NO_CHURN",      "NO_CHURN"};
    lacp.actor = {32768, "02:00:00:aa:00:01", 17, 32768, number, "A-GNCD--"};
    lacp.partner = {100,       "00:1c:73:0c:0d:e0", 64, 80, static_cast<uint16_t>(200 + number),
                    "A-GNCD--"};
    lacp.parameters = {true, true, false, false, 32768, 17};
    lacp.partner_sees = lacp.actor;
    lacp.aggregator = 1;
    lacp.counters.lacpdus_tx = 47;
    lacp.counters.lacpdus_rx = 46;
    lacp.counters.illegal_rx = 2;
    lacp.counters.unknown_rx = 1;
    lacp.last_rx_seconds = 12.1;
    lacp.last_tx_seconds = 11.9;
    lacp.last_change_seconds = 7500;
    lacp.last_change_reason = "partner is collecting";
    return lacp;
}

/// Two ports, both in the bundle.
inline api::Lagg healthy() {
    api::Lagg lagg;
    lagg.name = "lagg0";
    lagg.description = "uplink to sw1";
    lagg.protocol = "lacp";
    lagg.state = "UP";
    lagg.carrier = true;
    lagg.mac = "02:00:00:aa:00:01";
    lagg.mtu = 9000;
    lagg.speed_mbps = 20000;
    lagg.upper = "kernel:lagg0";
    lagg.aliases = {"192.0.2.1/24", "2001:db8::1/64"};
    lagg.hash_policy = "layer3+4";
    lagg.hash_seed = 0x1234;
    lagg.hash_fields = "ip proto port spi";
    lagg.weights = "equal";
    lagg.active_aggregator = 1;
    lagg.partner_system = "00:1c:73:0c:0d:e0";
    lagg.last_change_seconds = 7500;
    lagg.last_change_reason = "p1 joined";
    lagg.lacp.emplace();
    lagg.lacp->system_priority = 32768;
    lagg.lacp->system = "02:00:00:aa:00:01";
    lagg.lacp->key = 17;
    lagg.lacp->select = "stable";
    lagg.lacp->fallback = "none";
    lagg.lacp->fallback_timeout_seconds = 10;
    lagg.lacp->churn_time_seconds = 60;
    lagg.counters.rx_packets = 30;
    lagg.counters.tx_no_member = 4;
    lagg.ports = {port("p0", true), port("p1", true)};
    lagg.ports[0].lacp = bundled(3);
    lagg.ports[1].lacp = bundled(4);
    lagg.ports[0].counters.rx_bytes = 123456789;
    return lagg;
}

/// As healthy(), but the partner of p1 fell silent.
inline api::Lagg degraded() {
    api::Lagg lagg = healthy();
    lagg.state = "DEGRADED";
    lagg.speed_mbps = 10000;
    lagg.ports[0].buckets = 4096;
    lagg.ports[1] = port("p1", false);
    lagg.ports[1].lacp = bundled(4);
    lagg.ports[1].lacp->machines.rx = "EXPIRED";
    lagg.ports[1].lacp->machines.mux = "DETACHED";
    lagg.ports[1].lacp->last_rx_seconds = 95;
    return lagg;
}

/// p2 carries the traffic, p3 waits.
inline api::Lagg failover() {
    api::Lagg lagg;
    lagg.name = "lagg12";
    lagg.protocol = "failover";
    lagg.state = "UP";
    lagg.carrier = true;
    lagg.mtu = 1500;
    lagg.speed_mbps = 2500;
    lagg.upper = "port:vm";
    lagg.hash_policy = "layer2+3";
    lagg.ports = {port("p2", true), port("p3", false)};
    return lagg;
}

} // namespace lagg::ctl::testing
