// Cost of taking packets from the members and handing them up: laggd's worker, and beside it
// net_bonding polled by the shortest loop there is, with the same packets from the same members.
//
// Members have frames in bursts, 1024 of them a pass, and the upper side only counts. Rows:
//     collect/WHO/PEER/members:N/burst:N/hot|cold
// PEER says what net_bonding does: in mode balance ("static") it looks at no frame; in mode 4
// ("lacp") at the type and the destination of each, of members that collect. laggd does the same
// for both. A burst is what a member has when it is polled, and what net_bonding is asked for;
// laggd's worker takes at most 32 at a time and comes back for the rest.
#include "bench/bonding.hh"
#include "bench/program.hh"
#include "bench/replay.hh"
#include "bench/sinks.hh"
#include "dataplane/worker/worker.hh"

#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_rcu_qsbr.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace lagg::bench {
namespace {

constexpr unsigned kFlows = 1024;
constexpr unsigned kMostMembers = 8;
/// The last sink is the upper side; members are the first ones.
constexpr unsigned kUpper = kMostSinks - 1;
static_assert(kMostMembers <= kUpper);

struct Row {
    BondMode peer = BondMode::LAYER34;
    unsigned members = 4;
    unsigned burst = 32;
    bool hot = true;
};

std::string name_of(const Row &row, const char *who) {
    return std::string("collect/") + who + (row.peer == BondMode::LACP ? "/lacp" : "/static") +
           "/members:" + std::to_string(row.members) + "/burst:" + std::to_string(row.burst) +
           (row.hot ? "/hot" : "/cold");
}

/// Frames come to the station that the bonded device is: in mode 4 it drops all others.
void send_to(uint16_t bonded, Traffic &traffic) {
    rte_ether_addr mac;
    rte_eth_macaddr_get(bonded, &mac);
    for (rte_mbuf *frame : traffic.next())
        std::memcpy(rte_pktmbuf_mtod(frame, void *), &mac, sizeof mac);
}

/// Whoever loses frames is fast for the wrong reason.
void report(benchmark::State &state, Replay &replay) {
    if (Sinks::get().packets(kUpper) != replay.packets())
        state.SkipWithError("not every packet arrived at the upper side");
    replay.passes().report(state);
}

/// All that a worker needs around it when nothing changes.
struct Surroundings {
    worker::Shared shared;
    worker::ForwardingState state;

    explicit Surroundings(unsigned members) {
        shared.rcu = static_cast<rte_rcu_qsbr *>(
            rte_zmalloc(nullptr, rte_rcu_qsbr_get_memsize(worker::kMaxWorkers), 64));
        if (shared.rcu == nullptr) std::abort();
        rte_rcu_qsbr_init(shared.rcu, worker::kMaxWorkers);
        shared.pool = frame_pool();
        shared.may_sleep = false;
        worker::LaggForwarding &lagg = state.laggs.emplace_back();
        lagg.upper.id = Sinks::get().device(kUpper);
        lagg.upper.receive_queues = 0; // nothing comes from there, and nobody asks
        lagg.member_count = static_cast<uint8_t>(members);
        for (unsigned i = 0; i < members; i++)
            lagg.members[i] = {.device = Sinks::get().device(i), .collecting = true};
        worker::choose_way(lagg);
        worker::assign_queues(state, 1);
        shared.state = &state;
    }
    ~Surroundings() { rte_free(shared.rcu); }
    Surroundings(const Surroundings &) = delete;
    Surroundings &operator=(const Surroundings &) = delete;
};

void laggd(benchmark::State &state, const Row &row) {
    Traffic traffic(Kind::IPV4, kFlows);
    send_to(bonded_device(row.peer, row.members), traffic);
    const auto around = std::make_unique<Surroundings>(row.members);
    const auto worker = std::make_unique<worker::Worker>(around->shared, 0);
    for (auto _ : state) {
        Replay replay(traffic, row.burst, row.hot, [&] { around->shared.stop = true; });
        Sinks::get().clear();
        replay.arm(row.members);
        around->shared.stop = false;
        worker->run();
        report(state, replay);
    }
}

void net_bonding(benchmark::State &state, const Row &row) {
    const uint16_t device = bonded_device(row.peer, row.members);
    const uint16_t upper = Sinks::get().device(kUpper);
    Traffic traffic(Kind::IPV4, kFlows);
    send_to(device, traffic);
    for (auto _ : state) {
        Replay replay(traffic, row.burst, row.hot, [] {});
        Sinks::get().clear();
        replay.arm(row.members);
        rte_mbuf *frames[kPackets];
        while (!replay.ended()) {
            const auto burst = static_cast<uint16_t>(row.burst);
            const uint16_t count = rte_eth_rx_burst(device, 0, frames, burst);
            if (count != 0) rte_eth_tx_burst(upper, 0, frames, count);
        }
        report(state, replay);
    }
}

std::vector<NamedRow> rows() {
    std::vector<NamedRow> all;
    const auto add = [&](const Row &row) {
        all.push_back(
            {name_of(row, "laggd"), [row](benchmark::State &state) { laggd(state, row); }});
        all.push_back({name_of(row, "net_bonding"),
                       [row](benchmark::State &state) { net_bonding(state, row); }});
    };
    for (const BondMode peer : {BondMode::LAYER34, BondMode::LACP}) {
        for (const unsigned members : {1u, 4u, kMostMembers})
            for (const unsigned burst : {8u, 32u, 64u, 256u})
                add({.peer = peer, .members = members, .burst = burst});
        add({.peer = peer, .hot = false});
    }
    return all;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    const lagg::bench::Options options = lagg::bench::read_options(argc, argv);
    return lagg::bench::run_rows(lagg::bench::rows(), options);
}
