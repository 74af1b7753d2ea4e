// Whole engines over rings, in one process: laggd's workers and DPDK's bonding driver take turns on
// the same cores, and the same frames go round in the same rings. Prints JSON, a row for every
// engine, direction and round. For frames that come in, the driver is there in mode 2, which looks
// at none of them, and as "net_bonding-802.3ad" in mode 4, which looks at each one as laggd does.
//
//   ring_bench ROUNDS SECONDS FRAMES hugepages|no-huge
//
// One direction at a time: with both, each engine would mix them in a proportion of its own.
// Workers run on the first core this process may use, and on the last one as well where there are
// two. Cycles a packet are of the time a worker really had on its core.
#include "bench/engine/core_time.hh"
#include "bench/engine/engine.hh"
#include "bench/engine/start_dpdk.hh"

#include "dataplane/port/packet_pool.hh"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace lagg::bench {
namespace {

/// Before a measurement: the engine's code and its frames get into the caches.
constexpr std::chrono::milliseconds kWarmUp{100};

struct Options {
    unsigned rounds;
    double seconds;
    unsigned frames; ///< that go round in each ring
    bool huge_pages;
};

struct Direction {
    const char *name;
    bool down;
    bool up;
};

struct Reading {
    uint64_t packets = 0;
    uint64_t wall = 0; ///< ns
    uint64_t core = 0; ///< ns, of all workers together
};

class Rows {
  public:
    Rows() {
        std::printf("{\"tsc_hz\": %llu, \"rows\": [",
                    static_cast<unsigned long long>(rte_get_tsc_hz()));
    }
    void add(const std::string &name, unsigned round, const Reading &passed) {
        const double cycles = static_cast<double>(passed.core) * 1e-9 *
                              static_cast<double>(rte_get_tsc_hz()) /
                              static_cast<double>(passed.packets);
        const double rate =
            static_cast<double>(passed.packets) / (static_cast<double>(passed.wall) * 1e-9);
        std::printf("%s\n{\"name\": \"%s\", \"round\": %u, \"cycles_per_packet\": %.3f, "
                    "\"packets_per_second\": %.0f}",
                    first_ ? "" : ",", name.c_str(), round, cycles, rate);
        first_ = false;
    }
    ~Rows() { std::printf("]}\n"); }

  private:
    bool first_ = true;
};

/// The clock of an lcore's thread, which stays the same whatever is launched on it.
clockid_t clock_of(unsigned lcore) {
    static clockid_t found;
    rte_eal_remote_launch(
        [](void *) {
            found = own_core_clock();
            return 0;
        },
        nullptr, lcore);
    rte_eal_wait_lcore(lcore);
    return found;
}

Reading read(const Engine &engine, const std::vector<clockid_t> &clocks) {
    Reading reading{.packets = engine.packets(), .wall = nanoseconds(CLOCK_MONOTONIC)};
    for (const clockid_t clock : clocks)
        reading.core += nanoseconds(clock);
    return reading;
}

/// Packets that pass in one run of one engine.
Reading measure(Engine &engine, RingCircuit &circuit, const port::PacketPool &pool,
                const Direction &direction, unsigned workers, double seconds) {
    std::vector<unsigned> lcores;
    std::vector<clockid_t> clocks;
    for (unsigned lcore = 1; lcore <= workers; ++lcore) {
        lcores.push_back(lcore);
        clocks.push_back(clock_of(lcore));
    }
    engine.start(lcores);
    circuit.fill(direction.down, direction.up, pool.get());
    std::this_thread::sleep_for(kWarmUp);
    const Reading before = read(engine, clocks);
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    const Reading after = read(engine, clocks);
    engine.stop();
    if (!circuit.drain()) give_up("an engine lost frames that should go round for ever");
    if (after.packets == before.packets) give_up("no frame moved");
    return {after.packets - before.packets, after.wall - before.wall, after.core - before.core};
}

/// An engine, and what its rows call it.
struct Contestant {
    std::string name;
    std::unique_ptr<Engine> engine;
};

/// Engines over the same rings, with as many queues as workers.
struct Contest {
    Contest(unsigned count, const Options &options, const port::PacketPool &pool)
        : workers(count),
          circuit(count, options.frames), laggd{"laggd",
                                                make_laggd(prefix("w"), circuit.of_engine(kMembers),
                                                           pool)},
          balance{"net_bonding", make_net_bonding(BondingMode::BALANCE, prefix("balance"),
                                                  circuit.of_engine(kMembers), pool)} {}
    std::string prefix(const char *of) const { return of + std::to_string(workers); }

    unsigned workers;
    RingCircuit circuit;
    Contestant laggd;
    Contestant balance;
};

/// One after the other; who is first changes from round to round.
void compare(Contest &contest, std::vector<Contestant *> contestants, const Direction &direction,
             const std::string &suffix, unsigned round, double seconds,
             const port::PacketPool &pool, Rows &rows) {
    std::ranges::rotate(contestants, contestants.begin() + round % contestants.size());
    for (const Contestant *one : contestants) {
        const Reading passed =
            measure(*one->engine, contest.circuit, pool, direction, contest.workers, seconds);
        rows.add("engine/" + one->name + "/net_ring/layer3+4/members:" + std::to_string(kMembers) +
                     "/" + direction.name + suffix,
                 round, passed);
    }
}

void compare_all(const Options &options, const port::PacketPool &pool) {
    const Direction down{"down", true, false}, up{"up", false, true};
    Contest one(1, options, pool);
    Contestant lacp{"net_bonding-802.3ad", make_net_bonding(BondingMode::LACP, "lacp1",
                                                            one.circuit.of_engine(kMembers), pool)};
    std::optional<Contest> two;
    if (rte_lcore_count() > 2) two.emplace(2, options, pool);
    Rows rows;
    const auto row = [&](Contest &contest, const std::vector<Contestant *> &contestants,
                         const Direction &direction, const std::string &suffix, unsigned round) {
        compare(contest, contestants, direction, suffix, round, options.seconds, pool, rows);
    };
    for (unsigned round = 0; round < options.rounds; ++round) {
        row(one, {&one.laggd, &one.balance}, down, "", round);
        // Mode 4 differs from mode 2 only in what comes in.
        row(one, {&one.laggd, &lacp, &one.balance}, up, "", round);
        if (!two) continue;
        // Measured beside each other, because their quotient counts.
        row(one, {&one.laggd, &one.balance}, down, "/workers:1", round);
        row(*two, {&two->laggd, &two->balance}, down, "/workers:2", round);
    }
}

Options read_options(int argc, char **argv) {
    if (argc < 5) give_up("usage: ring_bench ROUNDS SECONDS FRAMES hugepages|no-huge");
    return {.rounds = static_cast<unsigned>(std::atoi(argv[1])),
            .seconds = std::atof(argv[2]),
            .frames = static_cast<unsigned>(std::atoi(argv[3])),
            .huge_pages = std::string_view(argv[4]) == "hugepages"};
}

int run(int argc, char **argv) {
    const Options options = read_options(argc, argv);
    spdlog::set_level(spdlog::level::warn); // standard output is for the rows
    // Frames in both directions and of two queues, and what the caches of the pool keep.
    const uint32_t buffers = 4 * options.frames + 4096;
    start_dpdk(argv[0], options.huge_pages, buffers);
    Result<std::unique_ptr<port::PacketPool>> pool = port::PacketPool::create(buffers);
    if (!pool) give_up(pool.error().message);
    compare_all(options, **pool);
    pool->reset();
    rte_eal_cleanup();
    return 0;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    return lagg::bench::run(argc, argv);
}
