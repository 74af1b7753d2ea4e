#include "control/aggregation/describe.hh"

#include "control/aggregation/describe_history.hh"
#include "control/aggregation/same_system.hh"
#include "dataplane/distribute/policy_text.hh"
#include "lacp/text.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace lagg::aggregation {

namespace {

double seconds_between(lacp::Time from, lacp::Time to) {
    return std::chrono::duration<double>(to - from).count();
}

worker::DeviceTotals minus(worker::DeviceTotals total, const worker::DeviceTotals &base) {
    return total -= base;
}

/// What was made less what never left. LACP may have begun anew since the port counts.
uint64_t less(uint64_t made, uint64_t lost) {
    return made - std::min(made, lost);
}

// The core takes for sent what it made, and sees nothing of OAM and ESMC, which
// aAggPortStatsUnknownRx (802.1AX 7.3.3.1.5) counts too.
void correct(const worker::DeviceTotals &totals, api::LacpPort &out) {
    lacp::PortCounters &counters = out.counters;
    const uint64_t made = counters.lacpdus_tx;
    counters.unknown_rx += totals.oam_rx + totals.esmc_rx;
    counters.lacpdus_tx = less(made, totals.unsent.lacpdus);
    counters.marker_pdus_tx = less(counters.marker_pdus_tx, totals.unsent.markers);
    counters.marker_response_pdus_tx =
        less(counters.marker_response_pdus_tx, totals.unsent.marker_responses);
    out.lacpdus_unsent = made - counters.lacpdus_tx;
    if (counters.lacpdus_tx == 0) out.last_tx_seconds.reset();
}

/// The API's name for a state is the same word.
template <typename E> E known(const char *word) {
    const std::optional<E> found = api::Worded<E>::of(word);
    assert(found);
    return *found;
}

api::LacpPortParameters describe(const lacp::PortParameters &parameters) {
    return {.enabled = parameters.lacp_enabled,
            .active = parameters.active,
            .fast = parameters.short_timeout,
            .individual = !parameters.aggregatable,
            .priority = parameters.port_priority,
            .key = parameters.key};
}

api::DrainedBy drained_by(const Member &member) {
    if (member.port && member.port->lacp.drain) return api::DrainedBy::CONFIGURATION;
    return member.drain ? api::DrainedBy::OPERATOR : api::DrainedBy::NOBODY;
}

api::PortState state_of(const Member &member) {
    if (member.port) return api::PortState::RUNNING;
    return member.problem.empty() ? api::PortState::OPENING : api::PortState::FAILED;
}

api::LacpPort describe(const lacp::PortSnapshot &port, const lacp::SystemSnapshot &system,
                       const Member &member, lacp::Time now) {
    const PortHistory &history = member.history;
    api::LacpPort out;
    out.parameters = describe(port.parameters);
    out.machines = {.rx = known<api::RxState>(lacp::to_text(port.rx)),
                    .periodic = known<api::PeriodicState>(lacp::to_text(port.periodic)),
                    .mux = known<api::MuxState>(lacp::to_text(port.mux)),
                    .selected = known<api::Selected>(lacp::to_text(port.selected)),
                    .actor_churn = known<api::ChurnState>(lacp::to_text(port.actor_churn)),
                    .partner_churn = known<api::ChurnState>(lacp::to_text(port.partner_churn))};
    out.actor = describe_end(port.actor);
    out.partner = describe_end(port.partner);
    out.aggregator = port.aggregator;
    out.loopback = port.loopback;
    if (port.loopback && history.last_received())
        out.stranger_by =
            stranger_by(history.last_received()->actor, history.last_source(), system);
    out.ignores_markers = member.ignores_markers;
    out.waiting_to_restore = port.waiting_to_restore;
    if (const auto &pdu = history.last_received()) out.partner_sees = describe_end(pdu->partner);
    out.txtest = member.test.hold_back;
    out.rxtest = member.test.drop;
    out.txtest_dropped = member.test.held_back;
    out.rxtest_dropped = member.test.dropped;
    out.actor_churn_count = port.actor_churn_count;
    out.partner_churn_count = port.partner_churn_count;
    out.counters = port.counters;
    if (port.last_lacpdu_rx) out.last_rx_seconds = seconds_between(*port.last_lacpdu_rx, now);
    if (port.last_lacpdu_tx) out.last_tx_seconds = seconds_between(*port.last_lacpdu_tx, now);
    if (const auto gap = history.pace().too_slow())
        out.too_slow_seconds = std::chrono::duration<double>(*gap).count();
    if (const TaggedLacpdus &tagged = history.tagged(); tagged.count != 0)
        out.tagged = {tagged.vlan, seconds_between(tagged.at, now), tagged.count};
    out.last_change_reason = port.last_change_reason;
    out.last_change_seconds = seconds_between(port.last_change, now);
    return out;
}

/// Numbers and names as configured; what the core decides as it is in force.
api::LacpSystem describe(const lacp::SystemSnapshot &system, const Aggregate &aggregate) {
    const config::Lacp &config = aggregate.config().lacp;
    const lacp::SystemParameters &parameters = system.parameters;
    api::LacpSystem out;
    out.active = config.active;
    out.fast = config.fast;
    out.strict = config.strict;
    out.coupled = parameters.coupled_control;
    out.system_priority = parameters.system.priority;
    out.system = to_string(parameters.system.address);
    out.port_priority = config.port_priority;
    out.key = aggregate.key();
    out.max_links = parameters.max_links;
    out.revertive = parameters.revertive;
    out.wait_to_restore_seconds = config.wait_to_restore_seconds;
    out.select = to_text(config.select);
    out.fallback = to_text(config.fallback);
    out.fallback_timeout_seconds = config.fallback_timeout_seconds;
    out.fallback_active = system.fallback_active;
    out.churn_time_seconds = config.churn_time_seconds;
    out.collector_max_delay = parameters.collector_max_delay;
    out.partner_admin = describe_end(partner_admin(config));
    return out;
}

const lacp::PortSnapshot *of_number(const lacp::SystemSnapshot &system, lacp::PortNumber number) {
    const auto found = std::ranges::find(system.ports, number, &lacp::PortSnapshot::number);
    return found == system.ports.end() ? nullptr : &*found;
}

void describe_watch(const port::LinkWatch &watch, api::Port &out) {
    const port::LinkWatch::Known known = watch.known();
    const std::chrono::duration<double> ago = port::LinkWatch::Clock::now() - known.asked;
    out.link_tellers = {{"driver", known.link.up, ago.count(), known.polled},
                        {"device", std::nullopt, std::nullopt, known.told}};
    const port::NicCounters counters = watch.counters();
    out.nic = {.rx_missed = counters.rx_missed,
               .rx_errors = counters.rx_errors,
               .rx_no_buffer = counters.rx_no_buffer,
               .tx_errors = counters.tx_errors};
}

/// Room that tags leave on a packet socket: the kernel takes frames of the MTU and one tag besides,
/// and no tag besides when the first is a service tag.
std::string room_behind_tags(uint16_t mtu) {
    constexpr int kTagBytes = 4;
    return fmt::format("two VLAN tags leave {} octets, {} when the first is a service tag",
                       mtu - kTagBytes, mtu - 2 * kTagBytes);
}

void describe_packets(const port::PacketSocket &packets, uint16_t mtu, api::Port &out) {
    out.features.push_back(room_behind_tags(mtu));
    const port::PacketStatistics counts = packets.statistics();
    out.nic = {.rx_missed = counts.received.dropped,
               .rx_errors = counts.received.bad_dropped,
               .rx_too_large = counts.received.gso_dropped,
               .rx_checksums_finished = counts.received.csum_finished,
               .tx_errors = counts.refused};
}

void describe_carrier(const Member &member, lacp::Time now, api::Port &out) {
    for (size_t i = 0; i < member.carrier_said.size(); ++i) {
        const CarrierSaid &said = member.carrier_said[i];
        out.link_tellers.push_back(
            {to_text(static_cast<kernel::CarrierSource>(i)), said.up,
             said.up ? std::optional(seconds_between(said.at, now)) : std::nullopt, said.changes});
    }
}

api::Port describe(const Member &member, const Aggregate &aggregate, const worker::Fleet &fleet,
                   lacp::Time now) {
    api::Port out;
    out.name = member.name;
    out.device = member.device_text;
    out.state = state_of(member);
    out.problem = member.problem;
    out.link_failures = member.link_failures;
    out.restarts = member.restarts;
    out.drained_by = drained_by(member);
    out.drained = member.port && member.drained;
    if (!member.port) return out;
    out.driver = member.port->driver;
    out.mac = to_string(member.port->mac);
    out.link_up = member.link.up;
    out.speed_mbps = member.link.speed_mbps;
    out.full_duplex = member.link.full_duplex;
    out.link_source = to_text(member.port->link_source);
    out.link_change_by = member.link_change_by;
    out.hears_lagg = member.port->hearing.lagg;
    out.hears_slow = member.port->hearing.slow;
    out.features = member.port->features;
    out.complaints = member.port->complaints;
    if (member.port->watch != nullptr) describe_watch(*member.port->watch, out);
    if (member.port->packets != nullptr)
        describe_packets(*member.port->packets, aggregate.config().mtu, out);
    if (member.port->link_source == port::LinkSource::RTNETLINK) describe_carrier(member, now, out);
    out.collecting = member.collecting;
    out.distributing = aggregate.up() && member.distributing;
    out.buckets =
        static_cast<unsigned>(std::ranges::count(aggregate.buckets().member, member.index));
    out.weight = aggregate.weights()[member.index];
    if (const UnwantedLacp &unwanted = member.unwanted_lacp; unwanted.count != 0)
        out.unwanted_lacp = {.system = to_string(unwanted.system),
                             .seconds_ago = seconds_between(unwanted.at, now),
                             .count = unwanted.count};
    out.counters = minus(fleet.totals(member.port->device), member.counters_base);
    return out;
}

api::LaggState state_of(const Aggregate &aggregate) {
    using config::Carriers;
    using enum api::LaggState;
    const Carriers carriers = traits_of(aggregate.config().protocol).carriers;
    if (carriers == Carriers::NOBODY) return DISABLED;
    size_t ready = 0;
    bool any_link = false;
    for (const Member &member : aggregate.members()) {
        any_link = any_link || member.link.up;
        const bool standing_by = carriers == Carriers::FIRST && member.link.up;
        ready += member.distributing || standing_by ? 1 : 0;
    }
    if (aggregate.up()) return ready == aggregate.members().size() ? UP : DEGRADED;
    return carriers == Carriers::NEGOTIATED && any_link ? NEGOTIATING : DOWN;
}

} // namespace

api::Rebalance describe_rebalance(const Aggregate &aggregate, lacp::Time now) {
    const RebalanceHistory &history = aggregate.rebalance_history();
    api::Rebalance out;
    out.enabled = aggregate.rebalances();
    out.rounds = history.rounds;
    out.buckets_moved = history.buckets_moved;
    out.imbalance = history.imbalance;
    out.last_before = history.last_before;
    out.last_after = history.last_after;
    if (history.last_time) out.seconds_ago = seconds_between(*history.last_time, now);
    out.last_action = history.last_action;
    return out;
}

api::Lagg describe(const Aggregate &aggregate, const worker::Fleet &fleet, lacp::Time now) {
    const config::Lagg &config = aggregate.config();
    api::Lagg out;
    out.name = config.name;
    out.description = config.description;
    out.protocol = config.protocol;
    out.state = state_of(aggregate);
    out.carrier = aggregate.up();
    out.mac = to_string(aggregate.identity().mac);
    out.mtu = config.mtu;
    out.min_links = config.min_links;
    out.upper = aggregate.upper().text;
    for (const config::Alias &alias : config.aliases)
        out.aliases.push_back(to_string(alias));
    out.rebalance = describe_rebalance(aggregate, now);
    const distribute::Policy policy = aggregate.hash_policy();
    out.hash_policy = distribute::policy_text(policy);
    out.hash_seed = policy.seed;
    out.hash_fields = distribute::fields_text(distribute::effective_fields(policy));
    out.hash_symmetric = policy.symmetric;
    out.hash_inner = policy.inner;
    out.hash_program = config.hash.bpf;
    out.weights = to_text(config.weights);
    for (const config::Rule &rule : config.rules)
        out.rules.push_back({rule.filter, rule.port});
    out.roundrobin_stride = config.roundrobin_stride;
    out.lacp_active = config.lacp.active;
    out.lacp_fast = config.lacp.fast;
    out.last_change_seconds = seconds_between(aggregate.last_change(), now);
    out.last_change_reason = aggregate.last_change_reason();
    if (aggregate.upper().endpoint.id != port::kNoDevice)
        out.counters = minus(fleet.totals(aggregate.upper().endpoint.id), aggregate.upper_base());

    std::optional<lacp::SystemSnapshot> system;
    if (aggregate.lacp() != nullptr) {
        system = aggregate.lacp()->snapshot();
        out.active_aggregator = system->active_aggregator;
        out.lacp = describe(*system, aggregate);
    }
    for (const Member &member : aggregate.members()) {
        api::Port port = describe(member, aggregate, fleet, now);
        if (port.distributing) out.speed_mbps += port.speed_mbps;
        const lacp::PortSnapshot *lacp_port =
            system && member.port ? of_number(*system, member.port->number) : nullptr;
        if (lacp_port != nullptr) {
            port.lacp = describe(*lacp_port, *system, member, now);
            correct(minus(fleet.totals(member.port->device), member.counters_base), *port.lacp);
            const bool active =
                port.lacp->aggregator != 0 && port.lacp->aggregator == out.active_aggregator;
            if (active && lacp_port->partner.system != lacp::SystemId{})
                out.partner_system = port.lacp->partner.system;
        }
        out.ports.push_back(std::move(port));
    }
    return out;
}

} // namespace lagg::aggregation
