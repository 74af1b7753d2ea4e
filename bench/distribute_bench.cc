// What it costs to find each packet's member and hand it over: laggd's own code, and beside it
// net_bonding with the same packets over the same members, which only count.
//
// A pass sends 1024 packets; only the sending is timed, by the TSC. Rows:
//     distribute/WHO/POLICY/members:N/burst:N/flows:N/hot|cold[/KIND]
// The lengths of a burst are an argument, since a worker reads them as it receives.
#include "bench/bonding.hh"
#include "bench/sinks.hh"
#include "bench/traffic.hh"
#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/worker/distributor.hh"

#include <benchmark/benchmark.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lagg::bench {
namespace {

using distribute::Policy;
using worker::Mode;

struct Way {
    std::string name;
    Mode mode;
    Policy policy{};
    BondMode peer;
    bool has_peer = true;
};

std::vector<Way> ways() {
    using namespace distribute;
    const auto hash = [](const char *name, Fields fields, BondMode peer) {
        return Way{name, Mode::HASH, {.fields = fields, .seed = 1}, peer};
    };
    return {hash("layer2", kLayer2, BondMode::LAYER2),
            hash("layer2+3", kLayer23, BondMode::LAYER23),
            hash("layer3+4", kLayer34, BondMode::LAYER34),
            {"layer3+4,symmetric",
             Mode::HASH,
             {.fields = kLayer34, .symmetric = true, .seed = 1},
             BondMode::LAYER34},
            {"encap3+4",
             Mode::HASH,
             {.fields = kLayer34, .inner = true, .seed = 1},
             BondMode::LAYER34,
             false},
            {"nic", Mode::HASH, {.nic = true, .seed = 1}, BondMode::LAYER34, false},
            {"roundrobin", Mode::ROUND_ROBIN, {}, BondMode::ROUND_ROBIN},
            {"failover", Mode::FAILOVER, {}, BondMode::ACTIVE_BACKUP}};
}

struct Row {
    Way way;
    unsigned members = 4;
    unsigned burst = 32;
    unsigned flows = 1024;
    bool hot = true;
    Kind kind = Kind::IPV4;
};

std::string name_of(const Row &row, const char *who) {
    std::string name = std::string("distribute/") + who + "/" + row.way.name +
                       "/members:" + std::to_string(row.members) +
                       "/burst:" + std::to_string(row.burst) +
                       "/flows:" + std::to_string(row.flows) + (row.hot ? "/hot" : "/cold");
    if (row.kind != Kind::IPV4) name += std::string("/") + to_text(row.kind);
    return name;
}

using Send = std::function<void(rte_mbuf **, uint64_t octets)>;

void pretend_nic_hashes(std::vector<rte_mbuf *> &frames) {
    for (rte_mbuf *frame : frames) {
        frame->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
        frame->hash.rss = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(frame));
    }
}

/// Sends until all that is sent arrives at the members: a bonded device that has just started takes
/// its time.
void warm_up(Traffic &traffic, const Row &row, const Send &send) {
    Sinks &sinks = Sinks::get();
    uint64_t arrived = 0;
    for (int tries = 0; arrived != kPackets && tries < 100000; tries++) {
        sinks.clear();
        send(traffic.next().data(), traffic.octets() * row.burst);
        arrived = 0;
        for (unsigned i = 0; i < kMostSinks; i++)
            arrived += sinks.packets(i);
    }
    if (arrived != kPackets) std::abort();
}

/// Sends a pass over and over. The figure is the median of the passes, so that an interruption of
/// one of them does not count.
void measure(benchmark::State &state, const Row &row, const Send &send) {
    Traffic traffic(row.kind, row.flows);
    warm_up(traffic, row, send);
    std::vector<uint64_t> passes;
    for (auto _ : state) {
        std::vector<rte_mbuf *> &pass = traffic.next();
        if (row.way.policy.nic) pretend_nic_hashes(pass);
        if (!row.hot) traffic.cool();
        const uint64_t begin = rte_rdtsc_precise();
        send(pass.data(), traffic.octets() * row.burst);
        passes.push_back(rte_rdtsc_precise() - begin);
    }
    const auto middle = passes.begin() + static_cast<ptrdiff_t>(passes.size() / 2);
    std::nth_element(passes.begin(), middle, passes.end());
    const double cycles = static_cast<double>(*middle) / kPackets;
    state.counters["cycles_per_packet"] = cycles;
    state.counters["packets_per_second"] = static_cast<double>(rte_get_tsc_hz()) / cycles;
}

std::unique_ptr<worker::LaggForwarding> lagg_of(const Row &row) {
    auto lagg = std::make_unique<worker::LaggForwarding>();
    lagg->upper = 0;
    lagg->mode = row.way.mode;
    lagg->member_count = static_cast<uint8_t>(row.members);
    std::vector<uint32_t> weights(row.members, 1);
    for (unsigned i = 0; i < row.members; i++) {
        lagg->members[i] = {.device = Sinks::get().device(i % kMostSinks), .distributing = true};
        lagg->spread.live[i] = static_cast<uint8_t>(i);
        lagg->spread.weights[i] = 1;
    }
    lagg->spread.live_count = lagg->member_count;
    lagg->spread.table = distribute::build(distribute::BucketTable::empty(), weights);
    lagg->spread.policy = row.way.policy;
    lagg->spread.hash = distribute::FlowHash(row.way.policy);
    worker::choose_way(*lagg);
    return lagg;
}

/// The worker's part, with counters of its own.
struct Engine {
    std::array<worker::DeviceCounters, worker::kMaxEndpoints> counters{};
    worker::Distributor distributor{counters, frame_pool()};
};

void laggd(benchmark::State &state, const Row &row) {
    Sinks::get().arm();
    const auto lagg = lagg_of(row);
    const auto engine = std::make_unique<Engine>();
    std::vector<uint16_t> lengths(row.burst, Traffic(row.kind, 1).octets());
    measure(state, row, [&](rte_mbuf **frames, uint64_t octets) {
        for (unsigned sent = 0; sent < kPackets; sent += row.burst)
            engine->distributor.distribute(
                *lagg, 0, {frames + sent, lengths.data(), static_cast<uint16_t>(row.burst), octets},
                false);
        engine->distributor.flush();
    });
}

void net_bonding(benchmark::State &state, const Row &row) {
    const uint16_t device = bonded_device(row.way.peer, row.members);
    measure(state, row, [&](rte_mbuf **frames, uint64_t) {
        for (unsigned sent = 0; sent < kPackets; sent += row.burst)
            rte_eth_tx_burst(device, 0, frames + sent, static_cast<uint16_t>(row.burst));
    });
}

std::vector<Row> rows() {
    std::map<std::string, Row> all;
    const auto add = [&](const Row &row) { all.emplace(name_of(row, ""), row); };
    for (const Way &way : ways()) {
        add({.way = way});
        for (const unsigned members : {1u, 2u, 8u, 31u})
            add({.way = way, .members = members});
        for (const unsigned burst : {8u, 64u, 256u})
            add({.way = way, .burst = burst});
        for (const unsigned flows : {1u, 64u, 65536u, 1000000u})
            add({.way = way, .flows = flows});
        add({.way = way, .hot = false});
        if (way.mode != Mode::HASH) continue;
        for (const Kind kind :
             {Kind::IPV6, Kind::VLAN, Kind::QINQ, Kind::VXLAN, Kind::FRAGMENTS, Kind::MIXED})
            add({.way = way, .kind = kind});
    }
    std::vector<Row> list;
    for (const auto &[name, row] : all)
        list.push_back(row);
    return list;
}

void register_all() {
    for (const Row &row : rows()) {
        benchmark::RegisterBenchmark(name_of(row, "laggd").c_str(), laggd, row);
        if (row.way.has_peer)
            benchmark::RegisterBenchmark(name_of(row, "net_bonding").c_str(), net_bonding, row);
    }
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    lagg::bench::register_all();
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}
