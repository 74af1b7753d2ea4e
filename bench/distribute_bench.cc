// Cost of finding each packet's member and handing it over: laggd's own code, and beside it
// net_bonding with the same packets over the same members, which only count.
//
// A pass sends 1024 packets; only the sending is timed, by the TSC. Rows:
//     distribute/WHO/POLICY/members:N/burst:N/flows:N/hot|cold[/KIND]
// With broadcast the members free what they get, and so the time to free the copies is part of it;
// a packet is one that was to be sent, not a copy.
// bench/traffic.hh says what "hot" means. bpf:NAME is a policy in eBPF in the place of the hash;
// filters:N are N rules after layer3+4 that are asked for every packet and do not match; captured
// are the frames of --pcap FILE, or of the tests' capture.
// The lengths of a burst are an argument, since a worker reads them as it receives.
#include "bench/bonding.hh"
#include "bench/captured.hh"
#include "bench/policy_programs.hh"
#include "bench/program.hh"
#include "bench/sinks.hh"
#include "bench/traffic.hh"
#include "dataplane/bpf/filter.hh"
#include "dataplane/distribute/bucket_table.hh"
#include "dataplane/worker/distributor.hh"

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace lagg::bench {
namespace {

using distribute::Policy;

struct Way {
    std::string name;
    Mode mode;
    Policy policy{};
    BondMode peer = BondMode::LAYER34;
    bool has_peer = true;
    std::string program{};
    unsigned filters = 0;
};

std::vector<Way> ways() {
    using namespace distribute;
    const auto hash = [](const char *name, Fields fields, BondMode peer) {
        return Way{name, Mode::HASH, {.fields = fields, .seed = 1}, peer};
    };
    std::vector<Way> all = {hash("layer2", kLayer2, BondMode::LAYER2),
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
                            {"failover", Mode::FAILOVER, {}, BondMode::ACTIVE_BACKUP},
                            {"broadcast", Mode::BROADCAST, {}, BondMode::BROADCAST}};
    return all;
}

/// Policies that decide in the place of the hash of layer3+4 or after it; net_bonding has nothing
/// like that.
std::vector<Way> ways_of_users() {
    std::vector<Way> all;
    Way way{.name = {},
            .mode = Mode::HASH,
            .policy = {.fields = distribute::kLayer34, .seed = 1},
            .has_peer = false};
    for (const std::string &name : policy_names()) {
        way.name = "bpf:" + name;
        way.program = name;
        all.push_back(way);
    }
    way.program.clear();
    for (const unsigned filters : {1u, 4u, 16u}) {
        way.name = "filters:" + std::to_string(filters);
        way.filters = filters;
        all.push_back(way);
    }
    return all;
}

struct Row {
    Way way;
    unsigned members = 4;
    unsigned burst = 32;
    unsigned flows = 1024;
    bool hot = true;
    Kind kind = Kind::IPV4;
    const Captured *captured = nullptr; ///< in the place of `kind`
};

std::string name_of(const Row &row, const char *who) {
    std::string name = std::string("distribute/") + who + "/" + row.way.name +
                       "/members:" + std::to_string(row.members) +
                       "/burst:" + std::to_string(row.burst) +
                       "/flows:" + std::to_string(row.flows) + (row.hot ? "/hot" : "/cold");
    if (row.captured != nullptr) return name + "/captured";
    if (row.kind != Kind::IPV4) name += std::string("/") + to_text(row.kind);
    return name;
}

/// `octets` are those of a burst.
using Send = std::function<void(rte_mbuf **, const uint16_t *lengths, uint64_t octets)>;

void pretend_nic_hashes(std::vector<rte_mbuf *> &frames) {
    for (rte_mbuf *frame : frames) {
        frame->ol_flags |= RTE_MBUF_F_RX_RSS_HASH;
        frame->hash.rss = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(frame));
    }
}

/// Has frames outlive the pass in which they are freed.
void keep(std::vector<rte_mbuf *> &frames) {
    for (rte_mbuf *frame : frames)
        rte_mbuf_refcnt_set(frame, 2);
}

/// Prepares the frames of a row each time before they are sent.
void make_ready(const Row &row, std::vector<rte_mbuf *> &frames) {
    if (row.way.policy.nic) pretend_nic_hashes(frames);
    if (row.way.mode == Mode::BROADCAST) keep(frames);
}

/// Sends until all that is sent arrives at the members: a bonded device that has just started takes
/// its time.
void warm_up(Traffic &traffic, const Row &row, const Send &send) {
    Sinks &sinks = Sinks::get();
    uint64_t arrived = 0;
    const uint64_t all = uint64_t{kPackets} * (row.way.mode == Mode::BROADCAST ? row.members : 1);
    for (int tries = 0; arrived != all && tries < 100000; tries++) {
        sinks.clear();
        std::vector<rte_mbuf *> &pass = traffic.next();
        make_ready(row, pass);
        send(pass.data(), traffic.lengths().data(), traffic.octets() * row.burst);
        arrived = 0;
        for (unsigned i = 0; i < kMostSinks; i++)
            arrived += sinks.packets(i);
    }
    if (arrived != all) std::abort();
}

void measure_in(benchmark::State &state, const Row &row, Traffic &traffic, const Send &send) {
    if (row.way.mode == Mode::BROADCAST) Sinks::get().free_what_is_sent();
    warm_up(traffic, row, send);
    const auto send_pass = [&](std::vector<rte_mbuf *> &pass) {
        send(pass.data(), traffic.lengths().data(), traffic.octets() * row.burst);
    };
    for (auto _ : state) {
        Passes passes;
        while (!passes.enough()) {
            std::vector<rte_mbuf *> &pass = traffic.next();
            make_ready(row, pass);
            if (traffic.is_rewritten()) {
                send_pass(pass);
                traffic.again();
                make_ready(row, pass);
            }
            if (!row.hot) traffic.cool();
            const uint64_t begin = rte_rdtsc_precise();
            send_pass(pass);
            passes.add(rte_rdtsc_precise() - begin);
        }
        passes.report(state);
    }
}

/// Sends a pass over and over.
void measure(benchmark::State &state, const Row &row, const Send &send) {
    if (row.captured != nullptr) {
        Traffic traffic(row.captured->frames);
        measure_in(state, row, traffic, send);
    } else {
        Traffic traffic(row.kind, row.flows);
        measure_in(state, row, traffic, send);
    }
}

/// Rules for services that nobody asks for, to the first member.
std::vector<bpf::Rule> rules_of(const Row &row) {
    std::vector<bpf::Rule> rules;
    for (unsigned i = 0; i < row.way.filters; i++) {
        auto filter = bpf::Filter::compile("udp dst port " + std::to_string(7000 + i));
        if (!filter) {
            std::fprintf(stderr, "%s\n", filter.error().message.c_str());
            std::exit(1);
        }
        rules.push_back({*filter, 0});
    }
    return rules;
}

std::unique_ptr<worker::LaggForwarding> lagg_of(const Row &row) {
    auto lagg = std::make_unique<worker::LaggForwarding>();
    lagg->upper.id = 0;
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
    if (!row.way.program.empty()) lagg->program = load_policy(row.way.program);
    lagg->rules = rules_of(row);
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
    measure(state, row, [&](rte_mbuf **frames, const uint16_t *lengths, uint64_t octets) {
        for (unsigned sent = 0; sent < kPackets; sent += row.burst)
            engine->distributor.distribute(
                *lagg, 0, {frames + sent, lengths + sent, static_cast<uint16_t>(row.burst), octets},
                false);
        engine->distributor.flush();
    });
}

void net_bonding(benchmark::State &state, const Row &row) {
    const uint16_t device = bonded_device(row.way.peer, row.members);
    measure(state, row, [&](rte_mbuf **frames, const uint16_t *, uint64_t) {
        for (unsigned sent = 0; sent < kPackets; sent += row.burst)
            rte_eth_tx_burst(device, 0, frames + sent, static_cast<uint16_t>(row.burst));
    });
}

/// One thing after the other is varied, beginning with 4 members, bursts of 32, 1024 flows, hot.
/// All rows, with those beside each other that are compared, since they are measured in order.
std::vector<Row> rows(const Captured &captured) {
    std::vector<Row> all;
    for (const Way &way : ways()) {
        all.push_back({.way = way});
        if (way.mode == Mode::HASH)
            for (const Kind kind :
                 {Kind::IPV6, Kind::VLAN, Kind::QINQ, Kind::VXLAN, Kind::FRAGMENTS, Kind::MIXED})
                all.push_back({.way = way, .kind = kind});
        const std::vector<Way> others =
            way.name == "layer3+4" ? ways_of_users() : std::vector<Way>{};
        for (const Way &other : others)
            all.push_back({.way = other});
        for (const unsigned members : {1u, 2u, 8u, 16u, 31u})
            all.push_back({.way = way, .members = members});
        for (const unsigned flows : {1u, 64u, 65536u, 1000000u})
            all.push_back({.way = way, .flows = flows});
        for (const unsigned burst : {8u, 64u, 256u})
            all.push_back({.way = way, .burst = burst});
        all.push_back({.way = way, .hot = false});
        for (const Way &other : others)
            all.push_back({.way = other, .hot = false});
        all.push_back({.way = way, .flows = 1000000, .hot = false});
        if (way.mode != Mode::HASH) continue;
        all.push_back({.way = way, .flows = captured.flows, .captured = &captured});
        for (const Way &other : others)
            all.push_back({.way = other, .flows = captured.flows, .captured = &captured});
    }
    return all;
}

std::vector<NamedRow> named(const std::vector<Row> &rows) {
    std::vector<NamedRow> all;
    for (const Row &row : rows) {
        all.push_back(
            {name_of(row, "laggd"), [row](benchmark::State &state) { laggd(state, row); }});
        if (row.way.has_peer)
            all.push_back({name_of(row, "net_bonding"),
                           [row](benchmark::State &state) { net_bonding(state, row); }});
    }
    return all;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    using namespace lagg::bench;
    const Options options = read_options(argc, argv);
    const Captured captured = read_captured(options.capture);
    if (policy_names().empty())
        std::puts("note: no rows distribute/laggd/bpf: clang was not there when this was built");
    return run_rows(named(rows(captured)), options);
}
