// The fields of every snapshot struct, each listed once, under their own names. Whatever walks a
// snapshot field by field (JSON in both directions) goes through here, so that a field cannot be
// written and not read. A struct's list does not compile when one is missing.
#pragma once

#include "control/api/snapshot.hh"

#include <concepts>
#include <type_traits>

namespace lagg::api {

// `macro` of each of up to 64 arguments. A macro is not expanded inside of itself, so that each
// argument is followed by the call of the next one in a disguise, and the preprocessor is made to
// look again as often as there may be arguments.
#define LAGG_FOR_EACH(macro, ...) LAGG_LOOK_AGAIN(LAGG_EACH(macro, __VA_ARGS__))
#define LAGG_EACH(macro, one, ...) macro(one) __VA_OPT__(LAGG_NEXT LAGG_CALL(macro, __VA_ARGS__))
#define LAGG_NEXT() LAGG_EACH
#define LAGG_CALL ()
#define LAGG_LOOK_AGAIN(...) LAGG_16(LAGG_16(LAGG_16(LAGG_16(__VA_ARGS__))))
#define LAGG_16(...) LAGG_4(LAGG_4(LAGG_4(LAGG_4(__VA_ARGS__))))
#define LAGG_4(...) LAGG_1(LAGG_1(LAGG_1(LAGG_1(__VA_ARGS__))))
#define LAGG_1(...) __VA_ARGS__

#define LAGG_VISIT(field) visit_field(visit, #field, record.field);

/// LACP's counters stand one by one among the fields of their struct.
template <typename Visit, typename T> void visit_field(Visit &visit, const char *name, T &field) {
    if constexpr (std::same_as<std::remove_const_t<T>, lacp::PortCounters>)
        for (const lacp::PortCounter &counter : lacp::kPortCounters)
            visit(counter.name, field.*counter.cell);
    else
        visit(name, field);
}

/// for_each_field(record, visit) calls visit(name, field) for each field. `record` may be const.
#define LAGG_FIELDS(Struct, ...)                                                                   \
    template <typename T, typename Visit>                                                          \
    requires std::same_as<std::remove_const_t<T>, Struct>                                          \
    void for_each_field(T &record, Visit visit) {                                                  \
        [[maybe_unused]] auto &[__VA_ARGS__] = record; /* as many as there are */                  \
        LAGG_FOR_EACH(LAGG_VISIT, __VA_ARGS__)                                                     \
    }

LAGG_FIELDS(MachineStates, rx, periodic, mux, selected, actor_churn, partner_churn)
LAGG_FIELDS(LacpEnd, system_priority, system, key, port_priority, port, flags)
LAGG_FIELDS(LacpPortParameters, enabled, active, fast, individual, priority, key)
LAGG_FIELDS(TaggedLacp, vlan, seconds_ago, count)
LAGG_FIELDS(LacpPort, machines, parameters, actor, partner, partner_sees, aggregator, loopback,
            stranger_by, ignores_markers, waiting_to_restore, txtest, rxtest, txtest_dropped,
            rxtest_dropped, actor_churn_count, partner_churn_count, counters, lacpdus_unsent,
            last_rx_seconds, last_tx_seconds, too_slow_seconds, tagged, last_change_reason,
            last_change_seconds)
/// Those have a list of their own.
template <typename T, typename Visit>
requires std::same_as<std::remove_const_t<T>, Counters>
void for_each_field(T &record, Visit visit) {
    for (size_t i = 0; i < kDeviceCounters; ++i)
        visit(kDeviceCounterTexts[i].name, record.*kDeviceCounterCells<uint64_t>[i]);
}
LAGG_FIELDS(LinkTeller, source, up, seconds_ago, changes)
LAGG_FIELDS(NicCounters, rx_missed, rx_errors, rx_no_buffer, rx_too_large, rx_checksums_finished,
            tx_errors)
LAGG_FIELDS(ExtendedCounter, name, value)
LAGG_FIELDS(ExtendedCounters, lagg, port, counters)
LAGG_FIELDS(UnwantedLacp, system, seconds_ago, count)
LAGG_FIELDS(WhyStep, check, ok, says)
LAGG_FIELDS(Why, carries, finding, reason, advice, steps)
LAGG_FIELDS(Port, name, device, driver, mac, link_up, speed_mbps, full_duplex, link_source,
            link_tellers, link_change_by, state, problem, collecting, distributing, buckets, weight,
            drained_by, drained, link_failures, restarts, hears_lagg, hears_slow, features,
            complaints, nic, counters, unwanted_lacp, lacp, why)
LAGG_FIELDS(LacpSystem, active, fast, strict, coupled, system_priority, system, port_priority, key,
            max_links, revertive, wait_to_restore_seconds, select, fallback,
            fallback_timeout_seconds, fallback_active, churn_time_seconds, collector_max_delay,
            partner_admin)
LAGG_FIELDS(Rebalance, enabled, rounds, buckets_moved, imbalance, last_before, last_after,
            seconds_ago, last_action)
LAGG_FIELDS(Rule, filter, port)
LAGG_FIELDS(Lagg, name, description, protocol, state, carrier, mac, mtu, speed_mbps, min_links,
            upper, aliases, hash_policy, hash_seed, rebalance, hash_fields, hash_symmetric,
            hash_inner, hash_program, weights, rules, roundrobin_stride, lacp_active, lacp_fast,
            active_aggregator, partner_system, lacp, last_change_seconds, last_change_reason,
            counters, ports, warnings)
LAGG_FIELDS(Worker, lcore, loops, busy_loops)
LAGG_FIELDS(Status, version, pid, uptime_seconds, config_file, memory, buffers_total, buffers_free,
            last_reload, workers, laggs)
LAGG_FIELDS(Transition, time, seconds_ago, machine, from, to, reason)
LAGG_FIELDS(MarkerInformation, system, port, transaction)
LAGG_FIELDS(Pdu, time, seconds_ago, direction, kind, length, actor, partner, collector_max_delay,
            marker, changed, hex)
LAGG_FIELDS(PortHistory, lagg, port, transitions, pdus)
LAGG_FIELDS(FlowQuestion, src, dst, proto, sport, dport, smac, dmac, vlan, inner_vlan, flow_label,
            spi, ethertype, fragment)
LAGG_FIELDS(PolicyAnswer, policy, own, fields, hash, bucket, port, moving)
LAGG_FIELDS(FlowAnswer, lagg, protocol, how, seed, policies, notes)

#undef LAGG_FIELDS
#undef LAGG_VISIT
#undef LAGG_FOR_EACH
#undef LAGG_EACH
#undef LAGG_NEXT
#undef LAGG_CALL
#undef LAGG_LOOK_AGAIN
#undef LAGG_16
#undef LAGG_4
#undef LAGG_1

/// True for the structs that for_each_field knows.
template <typename T>
concept Record = requires(T &record) {
    for_each_field(record, [](const char *, auto &) {});
};

} // namespace lagg::api
