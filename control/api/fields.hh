// The fields of every snapshot struct with their names, each listed once. Whatever walks a snapshot
// field by field (JSON in both directions) goes through here, so that a field cannot be written and
// not read.
#pragma once

#include "control/api/snapshot.hh"

#include <concepts>
#include <type_traits>

namespace lagg::api {

/// Calls visit(name, field) for each field, in declaration order. `record` may be const.
template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, MachineStates>
void for_each_field(T &record, Visit visit) {
    visit("rx", record.rx);
    visit("periodic", record.periodic);
    visit("mux", record.mux);
    visit("selected", record.selected);
    visit("actor_churn", record.actor_churn);
    visit("partner_churn", record.partner_churn);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, LacpEnd>
void for_each_field(T &record, Visit visit) {
    visit("system_priority", record.system_priority);
    visit("system", record.system);
    visit("key", record.key);
    visit("port_priority", record.port_priority);
    visit("port", record.port);
    visit("flags", record.flags);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, LacpPortParameters>
void for_each_field(T &record, Visit visit) {
    visit("enabled", record.enabled);
    visit("active", record.active);
    visit("fast", record.fast);
    visit("individual", record.individual);
    visit("priority", record.priority);
    visit("key", record.key);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, TaggedLacp>
void for_each_field(T &record, Visit visit) {
    visit("vlan", record.vlan);
    visit("seconds_ago", record.seconds_ago);
    visit("count", record.count);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, LacpPort>
void for_each_field(T &record, Visit visit) {
    visit("machines", record.machines);
    visit("parameters", record.parameters);
    visit("actor", record.actor);
    visit("partner", record.partner);
    visit("partner_sees", record.partner_sees);
    visit("aggregator", record.aggregator);
    visit("loopback", record.loopback);
    visit("stranger_by", record.stranger_by);
    visit("ignores_markers", record.ignores_markers);
    visit("waiting_to_restore", record.waiting_to_restore);
    visit("txtest", record.txtest);
    visit("rxtest", record.rxtest);
    visit("txtest_dropped", record.txtest_dropped);
    visit("rxtest_dropped", record.rxtest_dropped);
    visit("actor_churn_count", record.actor_churn_count);
    visit("partner_churn_count", record.partner_churn_count);
    visit("lacpdus_rx", record.lacpdus_rx);
    visit("lacpdus_tx", record.lacpdus_tx);
    visit("lacpdus_unsent", record.lacpdus_unsent);
    visit("marker_pdus_rx", record.marker_pdus_rx);
    visit("marker_pdus_tx", record.marker_pdus_tx);
    visit("marker_response_pdus_rx", record.marker_response_pdus_rx);
    visit("marker_response_pdus_tx", record.marker_response_pdus_tx);
    visit("unknown_rx", record.unknown_rx);
    visit("illegal_rx", record.illegal_rx);
    visit("last_rx_seconds", record.last_rx_seconds);
    visit("last_tx_seconds", record.last_tx_seconds);
    visit("too_slow_seconds", record.too_slow_seconds);
    visit("tagged", record.tagged);
    visit("last_change_reason", record.last_change_reason);
    visit("last_change_seconds", record.last_change_seconds);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Counters>
void for_each_field(T &record, Visit visit) {
    for (size_t i = 0; i < kDeviceCounters; ++i)
        visit(kDeviceCounterTexts[i].name, record.*kDeviceCounterCells<uint64_t>[i]);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, LinkTeller>
void for_each_field(T &record, Visit visit) {
    visit("source", record.source);
    visit("up", record.up);
    visit("seconds_ago", record.seconds_ago);
    visit("changes", record.changes);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, NicCounters>
void for_each_field(T &record, Visit visit) {
    visit("rx_missed", record.rx_missed);
    visit("rx_errors", record.rx_errors);
    visit("rx_no_buffer", record.rx_no_buffer);
    visit("rx_too_large", record.rx_too_large);
    visit("rx_checksums_finished", record.rx_checksums_finished);
    visit("tx_errors", record.tx_errors);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, ExtendedCounter>
void for_each_field(T &record, Visit visit) {
    visit("name", record.name);
    visit("value", record.value);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, ExtendedCounters>
void for_each_field(T &record, Visit visit) {
    visit("lagg", record.lagg);
    visit("port", record.port);
    visit("counters", record.counters);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, UnwantedLacp>
void for_each_field(T &record, Visit visit) {
    visit("system", record.system);
    visit("seconds_ago", record.seconds_ago);
    visit("count", record.count);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, WhyStep>
void for_each_field(T &record, Visit visit) {
    visit("check", record.check);
    visit("ok", record.ok);
    visit("says", record.says);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Why>
void for_each_field(T &record, Visit visit) {
    visit("carries", record.carries);
    visit("finding", record.finding);
    visit("reason", record.reason);
    visit("advice", record.advice);
    visit("steps", record.steps);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Port>
void for_each_field(T &record, Visit visit) {
    visit("name", record.name);
    visit("device", record.device);
    visit("driver", record.driver);
    visit("mac", record.mac);
    visit("link_up", record.link_up);
    visit("speed_mbps", record.speed_mbps);
    visit("full_duplex", record.full_duplex);
    visit("link_source", record.link_source);
    visit("link_tellers", record.link_tellers);
    visit("link_change_by", record.link_change_by);
    visit("state", record.state);
    visit("problem", record.problem);
    visit("collecting", record.collecting);
    visit("distributing", record.distributing);
    visit("buckets", record.buckets);
    visit("weight", record.weight);
    visit("drained_by", record.drained_by);
    visit("drained", record.drained);
    visit("link_failures", record.link_failures);
    visit("restarts", record.restarts);
    visit("hears_lagg", record.hears_lagg);
    visit("hears_slow", record.hears_slow);
    visit("features", record.features);
    visit("complaints", record.complaints);
    visit("nic", record.nic);
    visit("counters", record.counters);
    visit("unwanted_lacp", record.unwanted_lacp);
    visit("lacp", record.lacp);
    visit("why", record.why);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, LacpSystem>
void for_each_field(T &record, Visit visit) {
    visit("active", record.active);
    visit("fast", record.fast);
    visit("strict", record.strict);
    visit("coupled", record.coupled);
    visit("system_priority", record.system_priority);
    visit("system", record.system);
    visit("port_priority", record.port_priority);
    visit("key", record.key);
    visit("max_links", record.max_links);
    visit("revertive", record.revertive);
    visit("wait_to_restore_seconds", record.wait_to_restore_seconds);
    visit("select", record.select);
    visit("fallback", record.fallback);
    visit("fallback_timeout_seconds", record.fallback_timeout_seconds);
    visit("fallback_active", record.fallback_active);
    visit("churn_time_seconds", record.churn_time_seconds);
    visit("collector_max_delay", record.collector_max_delay);
    visit("partner_admin", record.partner_admin);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Rebalance>
void for_each_field(T &record, Visit visit) {
    visit("enabled", record.enabled);
    visit("rounds", record.rounds);
    visit("buckets_moved", record.buckets_moved);
    visit("imbalance", record.imbalance);
    visit("last_before", record.last_before);
    visit("last_after", record.last_after);
    visit("seconds_ago", record.seconds_ago);
    visit("last_action", record.last_action);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Rule>
void for_each_field(T &record, Visit visit) {
    visit("filter", record.filter);
    visit("port", record.port);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Lagg>
void for_each_field(T &record, Visit visit) {
    visit("name", record.name);
    visit("description", record.description);
    visit("protocol", record.protocol);
    visit("state", record.state);
    visit("carrier", record.carrier);
    visit("mac", record.mac);
    visit("mtu", record.mtu);
    visit("speed_mbps", record.speed_mbps);
    visit("min_links", record.min_links);
    visit("upper", record.upper);
    visit("aliases", record.aliases);
    visit("hash_policy", record.hash_policy);
    visit("hash_seed", record.hash_seed);
    visit("rebalance", record.rebalance);
    visit("hash_fields", record.hash_fields);
    visit("hash_symmetric", record.hash_symmetric);
    visit("hash_inner", record.hash_inner);
    visit("hash_program", record.hash_program);
    visit("weights", record.weights);
    visit("rules", record.rules);
    visit("roundrobin_stride", record.roundrobin_stride);
    visit("lacp_active", record.lacp_active);
    visit("lacp_fast", record.lacp_fast);
    visit("active_aggregator", record.active_aggregator);
    visit("partner_system", record.partner_system);
    visit("lacp", record.lacp);
    visit("last_change_seconds", record.last_change_seconds);
    visit("last_change_reason", record.last_change_reason);
    visit("counters", record.counters);
    visit("ports", record.ports);
    visit("warnings", record.warnings);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Worker>
void for_each_field(T &record, Visit visit) {
    visit("lcore", record.lcore);
    visit("loops", record.loops);
    visit("busy_loops", record.busy_loops);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Status>
void for_each_field(T &record, Visit visit) {
    visit("version", record.version);
    visit("pid", record.pid);
    visit("uptime_seconds", record.uptime_seconds);
    visit("config_file", record.config_file);
    visit("memory", record.memory);
    visit("buffers_total", record.buffers_total);
    visit("buffers_free", record.buffers_free);
    visit("last_reload", record.last_reload);
    visit("workers", record.workers);
    visit("laggs", record.laggs);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Transition>
void for_each_field(T &record, Visit visit) {
    visit("time", record.time);
    visit("seconds_ago", record.seconds_ago);
    visit("machine", record.machine);
    visit("from", record.from);
    visit("to", record.to);
    visit("reason", record.reason);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, MarkerInformation>
void for_each_field(T &record, Visit visit) {
    visit("system", record.system);
    visit("port", record.port);
    visit("transaction", record.transaction);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Pdu>
void for_each_field(T &record, Visit visit) {
    visit("time", record.time);
    visit("seconds_ago", record.seconds_ago);
    visit("direction", record.direction);
    visit("kind", record.kind);
    visit("length", record.length);
    visit("actor", record.actor);
    visit("partner", record.partner);
    visit("collector_max_delay", record.collector_max_delay);
    visit("marker", record.marker);
    visit("changed", record.changed);
    visit("hex", record.hex);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, PortHistory>
void for_each_field(T &record, Visit visit) {
    visit("lagg", record.lagg);
    visit("port", record.port);
    visit("transitions", record.transitions);
    visit("pdus", record.pdus);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, FlowQuestion>
void for_each_field(T &record, Visit visit) {
    visit("src", record.src);
    visit("dst", record.dst);
    visit("proto", record.proto);
    visit("sport", record.sport);
    visit("dport", record.dport);
    visit("smac", record.smac);
    visit("dmac", record.dmac);
    visit("vlan", record.vlan);
    visit("inner_vlan", record.inner_vlan);
    visit("flow_label", record.flow_label);
    visit("spi", record.spi);
    visit("ethertype", record.ethertype);
    visit("fragment", record.fragment);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, PolicyAnswer>
void for_each_field(T &record, Visit visit) {
    visit("policy", record.policy);
    visit("own", record.own);
    visit("fields", record.fields);
    visit("hash", record.hash);
    visit("bucket", record.bucket);
    visit("port", record.port);
    visit("moving", record.moving);
}

template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, FlowAnswer>
void for_each_field(T &record, Visit visit) {
    visit("lagg", record.lagg);
    visit("protocol", record.protocol);
    visit("how", record.how);
    visit("seed", record.seed);
    visit("policies", record.policies);
    visit("notes", record.notes);
}

/// True for the structs that for_each_field knows.
template <typename T>
concept Record = requires(T &record) {
    for_each_field(record, [](const char *, auto &) {});
};

} // namespace lagg::api
