// Snapshots for tests: one in which every field has a value of its own, and the means to walk all
// fields without the list that the code under test uses. The structured bindings below fail to
// compile when a struct gains a field, so that no field can be forgotten here.
#pragma once

#include "control/api/snapshot.hh"

#include <concepts>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace lagg::api::testing {

template <typename Tuple> struct Fields {
    Tuple values;
    std::string_view names; ///< "name, description, ..."
};

#define LAGG_FIELDS_OF(Struct, ...)                                                                \
    template <typename T>                                                                          \
    requires std::same_as<std::remove_const_t<T>, Struct>                                          \
    auto fields_of(T &record) {                                                                    \
        auto &[__VA_ARGS__] = record;                                                              \
        return Fields{std::tie(__VA_ARGS__), #__VA_ARGS__};                                        \
    }

LAGG_FIELDS_OF(MachineStates, rx, periodic, mux, selected, actor_churn, partner_churn)
LAGG_FIELDS_OF(LacpEnd, system_priority, system, key, port_priority, port, flags)
LAGG_FIELDS_OF(LacpPortParameters, enabled, active, fast, individual, priority, key)
LAGG_FIELDS_OF(TaggedLacp, vlan, seconds_ago, count)
LAGG_FIELDS_OF(LacpPort, machines, parameters, actor, partner, partner_sees, aggregator, loopback,
               stranger_by, ignores_markers, waiting_to_restore, txtest, rxtest, txtest_dropped,
               rxtest_dropped, actor_churn_count, partner_churn_count, counters, lacpdus_unsent,
               last_rx_seconds, last_tx_seconds, too_slow_seconds, tagged, last_change_reason,
               last_change_seconds)
LAGG_FIELDS_OF(LinkTeller, source, up, seconds_ago, changes)
LAGG_FIELDS_OF(NicCounters, rx_missed, rx_errors, rx_no_buffer, rx_too_large, rx_checksums_finished,
               tx_errors)
LAGG_FIELDS_OF(ExtendedCounter, name, value)
LAGG_FIELDS_OF(ExtendedCounters, lagg, port, counters)
LAGG_FIELDS_OF(UnwantedLacp, system, seconds_ago, count)
LAGG_FIELDS_OF(WhyStep, check, ok, says)
LAGG_FIELDS_OF(Why, carries, finding, reason, advice, steps)
LAGG_FIELDS_OF(Port, name, device, driver, mac, link_up, speed_mbps, full_duplex, link_source,
               link_tellers, link_change_by, state, problem, collecting, distributing, buckets,
               weight, drained_by, drained, link_failures, restarts, hears_lagg, hears_slow,
               features, complaints, nic, counters, unwanted_lacp, lacp, why)
LAGG_FIELDS_OF(LacpSystem, active, fast, strict, coupled, system_priority, system, port_priority,
               key, max_links, revertive, wait_to_restore_seconds, select, fallback,
               fallback_timeout_seconds, fallback_active, churn_time_seconds, collector_max_delay,
               partner_admin)
LAGG_FIELDS_OF(Rebalance, enabled, rounds, buckets_moved, imbalance, last_before, last_after,
               seconds_ago, last_action)
LAGG_FIELDS_OF(Rule, filter, port)
LAGG_FIELDS_OF(Lagg, name, description, protocol, state, carrier, mac, mtu, speed_mbps, min_links,
               upper, aliases, hash_policy, hash_seed, rebalance, hash_fields, hash_symmetric,
               hash_inner, hash_program, weights, rules, roundrobin_stride, lacp_active, lacp_fast,
               active_aggregator, partner_system, lacp, last_change_seconds, last_change_reason,
               counters, ports, warnings)
LAGG_FIELDS_OF(Worker, lcore, loops, busy_loops)
LAGG_FIELDS_OF(Status, version, pid, uptime_seconds, config_file, memory, buffers_total,
               buffers_free, last_reload, workers, laggs)

LAGG_FIELDS_OF(Transition, time, seconds_ago, machine, from, to, reason)
LAGG_FIELDS_OF(MarkerInformation, system, port, transaction)
LAGG_FIELDS_OF(Pdu, time, seconds_ago, direction, kind, length, actor, partner, collector_max_delay,
               marker, changed, hex)
LAGG_FIELDS_OF(PortHistory, lagg, port, transitions, pdus)
LAGG_FIELDS_OF(FlowQuestion, src, dst, proto, sport, dport, smac, dmac, vlan, inner_vlan,
               flow_label, spi, ethertype, fragment)
LAGG_FIELDS_OF(PolicyAnswer, policy, own, fields, hash, bucket, port, moving)
LAGG_FIELDS_OF(FlowAnswer, lagg, protocol, how, seed, policies, notes)

#undef LAGG_FIELDS_OF

// Those have lists, in which none can be forgotten.
#define LAGG_TIE(name, title, meaning) , std::tie(record.name)
#define LAGG_NAME(name, title, meaning) #name ", "
template <typename T>
requires std::same_as<std::remove_const_t<T>, Counters>
auto fields_of(T &record) {
    return Fields{std::tuple_cat(std::tie() LAGG_DEVICE_COUNTERS(LAGG_TIE)),
                  LAGG_DEVICE_COUNTERS(LAGG_NAME)};
}
template <typename T>
requires std::same_as<std::remove_const_t<T>, lacp::PortCounters>
auto fields_of(T &record) {
    return Fields{std::tuple_cat(std::tie() LAGG_PORT_COUNTERS(LAGG_TIE)),
                  LAGG_PORT_COUNTERS(LAGG_NAME)};
}
#undef LAGG_TIE
#undef LAGG_NAME

template <typename T>
concept Struct = requires(T &record) {
    fields_of(record);
};

inline std::vector<std::string> split(std::string_view names) {
    std::istringstream words{std::string(names)};
    std::vector<std::string> list;
    for (std::string word; words >> word;)
        list.push_back(word.substr(0, word.find(',')));
    return list;
}

/// Gives every field a value that no other field has and that differs from its default.
class Filler {
  public:
    void fill(bool &value) { value = !value; }
    void fill(std::string &value) { value = "text " + std::to_string(++last_); }
    void fill(double &value) { value = ++last_ + 0.5; }
    template <typename E> void fill(Worded<E> &value) {
        value = static_cast<E>(1 + ++last_ % (kWords<E>.size() - 1));
    }
    void fill(LacpFlags &flags) { flags = LacpFlags(static_cast<uint8_t>(++last_)); }
    template <std::unsigned_integral T> void fill(T &value) { value = static_cast<T>(++last_); }
    template <typename T> void fill(std::optional<T> &value) { fill(value.emplace()); }
    template <typename T> void fill(std::vector<T> &list) {
        list.resize(2);
        for (T &item : list)
            fill(item);
    }
    template <Struct T> void fill(T &record) {
        std::apply([this](auto &...field) { (fill(field), ...); }, fields_of(record).values);
    }

  private:
    unsigned last_ = 1000;
};

template <typename T> T filled() {
    T record;
    Filler().fill(record);
    return record;
}

template <typename T> bool same(const T &a, const T &b) {
    return a == b;
}
template <Struct T> bool same(const T &a, const T &b);
template <typename T> bool same(const std::optional<T> &a, const std::optional<T> &b) {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <typename T> bool same(const std::vector<T> &a, const std::vector<T> &b) {
    bool equal = a.size() == b.size();
    for (size_t i = 0; equal && i < a.size(); ++i)
        equal = same(a[i], b[i]);
    return equal;
}
template <Struct T> bool same(const T &a, const T &b) {
    return std::apply(
        [&](const auto &...left) {
            return std::apply([&](const auto &...right) { return (same(left, right) && ...); },
                              fields_of(b).values);
        },
        fields_of(a).values);
}

} // namespace lagg::api::testing
