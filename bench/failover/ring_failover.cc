// Failover in one process: laggd's workers and protocol thread, or DPDK's bonding driver, over
// rings, with numbered frames in both directions while the link of a member goes down and comes
// back. laggd is told of the link as by the interrupt of a NIC, and in rows of "net_ring-polled"
// has to find out; net_bonding asks its members every 10 ms, since rings have no interrupt of their
// own. Prints a line of JSON for every pull and direction.
//
//   ring_failover PULLS PULLS_POLLED hugepages|no-huge
//
// The far ends of the rings are this program: it moves to a live member in the moment of the pull,
// as a switch does that lost its carrier as well.
#include "bench/engine/core_time.hh"
#include "bench/engine/engine.hh"
#include "bench/engine/start_dpdk.hh"
#include "bench/failover/numbered.hh"
#include "bench/failover/pull_text.hh"
#include "bench/failover/record.hh"
#include "bench/failover/waiting.hh"

#include "dataplane/port/packet_pool.hh"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>
#include <rte_ring.h>

#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

// Functions that DPDK has for drivers, whose header is not installed with it: this program tells of
// a changed link in the place of the driver of net_ring, which has no interrupt.
extern "C" {
struct rte_eth_dev;
rte_eth_dev *rte_eth_dev_allocated(const char *name);
int rte_eth_dev_callback_process(rte_eth_dev *device, rte_eth_event_type event, void *argument);
}

namespace lagg::bench {
namespace {

/// Enough that each port has one of them, whatever buckets it gets after a pull.
constexpr unsigned kFlows = 48;
constexpr unsigned kRingFrames = 1023;
constexpr Nanoseconds kMillisecond = 1'000'000;
/// 50,000 frames a second in each direction.
constexpr Nanoseconds kPeriod = 20'000;
/// Pulls come at any moment of what an engine does every so often.
constexpr Nanoseconds kLongestPause = 10 * kMillisecond;
constexpr Nanoseconds kAfterMove = 2 * kBeforeEvent;
constexpr Nanoseconds kOnTheWay = 2 * kMillisecond;
constexpr Nanoseconds kLimit = 2000 * kMillisecond;
/// net_bonding asks after links in this time; one that came back has to be seen before the next
/// pull.
constexpr Nanoseconds kPollTwice = 25 * kMillisecond;
constexpr unsigned kTurns = 5;

Nanoseconds clock() {
    return nanoseconds(CLOCK_MONOTONIC);
}

rte_ring *make_ring() {
    static unsigned made = 0; // names of rings are global in DPDK
    const std::string name = "failover_" + std::to_string(made++);
    rte_ring *ring = rte_ring_create(name.c_str(), kRingFrames + 1, SOCKET_ID_ANY,
                                     RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (ring == nullptr) give_up("there is no memory for a ring of failover");
    return ring;
}

/// The far ends of an engine's devices, and what became of the frames.
class FarEnds {
  public:
    FarEnds(unsigned members, rte_mempool *pool)
        : pool_(pool), down_frames_(kFlows, 0), up_frames_(kFlows, 1), down_(kFlows), up_(kFlows) {
        rings_.upper = {{make_ring()}, {make_ring()}};
        for (unsigned i = 0; i < members; ++i)
            rings_.members.push_back({{make_ring()}, {make_ring()}});
    }

    ~FarEnds() {
        free_all(rings_.upper);
        for (const DeviceRings &member : rings_.members)
            free_all(member);
    }
    FarEnds(const FarEnds &) = delete;
    FarEnds &operator=(const FarEnds &) = delete;

    const EngineRings &rings() const { return rings_; }
    Record &down() { return down_; }
    Record &up() { return up_; }

    void set_dead(std::optional<unsigned> member) { dead_ = member; }
    /// All frames on the port that frames last came by, as a switch sends that learned an address
    /// there.
    void send_up_where_learned() { learns_ = true; }

    /// Sends and receives until the condition is met; false after `limit`.
    bool run(Nanoseconds limit, const std::function<bool()> &condition) {
        const Nanoseconds until = clock() + limit;
        while (!condition()) {
            if (clock() >= until) return false;
            round();
        }
        return true;
    }

    void run(Nanoseconds time) {
        run(time, [] { return false; });
    }

    /// Frees what is still in the rings, and starts anew.
    void empty() {
        const auto empty = [](rte_ring *ring) {
            void *frame = nullptr;
            while (rte_ring_dequeue(ring, &frame) == 0)
                rte_pktmbuf_free(static_cast<rte_mbuf *>(frame));
        };
        for_each_ring(empty);
        next_ = 0;
    }

  private:
    void for_each_ring(const std::function<void(rte_ring *)> &call) {
        const auto both = [&](const DeviceRings &device) {
            call(device.receive.front());
            call(device.send.front());
        };
        both(rings_.upper);
        for (const DeviceRings &member : rings_.members)
            both(member);
    }

    static void free_all(const DeviceRings &device) {
        rte_ring_free(device.receive.front());
        rte_ring_free(device.send.front());
    }

    void round() {
        const Nanoseconds now = clock();
        if (next_ == 0) next_ = now;
        if (now >= next_) {
            next_ += kPeriod;
            flow_ = (flow_ + 1) % kFlows;
            send(down_, down_frames_, rings_.upper.receive.front());
            send(up_, up_frames_, rings_.members[member_of(flow_)].receive.front());
        }
        for (unsigned i = 0; i < rings_.members.size(); ++i)
            take(rings_.members[i].send.front(), 0, down_, static_cast<uint8_t>(i));
        take(rings_.upper.send.front(), 1, up_, kSomePort);
        rte_pause();
    }

    /// The member that the far end sends a flow on: any that is not dead.
    unsigned member_of(unsigned flow) const {
        const auto members = static_cast<unsigned>(rings_.members.size());
        if (learns_) return down_.last_port() < members ? down_.last_port() : 0;
        const unsigned member = flow % members;
        return dead_ != member ? member : (member + 1) % members;
    }

    void send(Record &record, NumberedFrames &frames, rte_ring *ring) {
        rte_mbuf *buffer = rte_pktmbuf_alloc(pool_);
        if (buffer == nullptr) give_up("there are not enough packet buffers: an engine keeps them");
        const std::span<const uint8_t> bytes = frames.frame(flow_, record.sent(flow_, clock()));
        std::memcpy(rte_pktmbuf_append(buffer, static_cast<uint16_t>(bytes.size())), bytes.data(),
                    bytes.size());
        if (rte_ring_enqueue(ring, buffer) != 0) rte_pktmbuf_free(buffer);
    }

    void take(rte_ring *ring, uint8_t direction, Record &record, uint8_t port) {
        void *element = nullptr;
        while (rte_ring_dequeue(ring, &element) == 0) {
            auto *frame = static_cast<rte_mbuf *>(element);
            const std::optional<uint64_t> number =
                number_of({rte_pktmbuf_mtod(frame, const uint8_t *), frame->data_len}, direction);
            if (number && dead_ == port)
                record.swallowed(*number, clock());
            else if (number)
                record.came(*number, clock(), port);
            rte_pktmbuf_free(frame);
        }
    }

    rte_mempool *pool_;
    EngineRings rings_;
    NumberedFrames down_frames_, up_frames_;
    Record down_, up_;
    std::optional<unsigned> dead_;
    bool learns_ = false;
    unsigned flow_ = 0;
    Nanoseconds next_ = 0;
};

void tell_of_link(uint16_t device) {
    char name[RTE_ETH_NAME_MAX_LEN];
    if (rte_eth_dev_get_name_by_port(device, name) != 0) give_up("a member has no name");
    rte_eth_dev_callback_process(rte_eth_dev_allocated(name), RTE_ETH_EVENT_INTR_LSC, nullptr);
}

struct Contestant {
    std::string row;
    std::unique_ptr<Engine> engine;
    bool tells;   ///< links by interrupt
    bool returns; ///< to a port that came back
    bool all;     ///< every member is in use
    unsigned pulls;
    unsigned pulled = 0;
};

/// Pulls the cable that frames come by, and plugs it in again.
void pull_once(Contestant &one, FarEnds &ends, std::mt19937 &random) {
    ends.run(random() % kLongestPause);
    ends.down().begin();
    ends.up().begin();
    // Until it is known which port each flow uses.
    const Nanoseconds begun = clock();
    ends.run(kLimit, [&] { return ends.down().every_flow_came(begun); });
    const unsigned members = static_cast<unsigned>(ends.rings().members.size());
    const uint8_t port =
        one.all ? static_cast<uint8_t>(one.pulled % members) : ends.down().last_port();
    const uint16_t device = one.engine->member_device(port);
    const auto set = [&](bool up) {
        const int code = up ? rte_eth_dev_set_link_up(device) : rte_eth_dev_set_link_down(device);
        if (code != 0) give_up("the link of a member cannot be set");
        if (one.tells) tell_of_link(device);
    };
    const Nanoseconds waited = waited_for_core();
    Event event{.at = clock(), .dead = port};
    ends.set_dead(port);
    set(false);
    ends.run(kLimit, [&] {
        return ends.down().every_flow_came(event.at) && ends.up().every_flow_came(event.at);
    });
    ends.run(kAfterMove);
    const Nanoseconds off_core = waited_for_core() - waited;
    event.back = clock();
    ends.set_dead({});
    set(true);
    if (one.returns) ends.run(kLimit, [&] { return ends.down().came_by(port, event.back); });
    ends.run(one.tells ? kAfterMove : kPollTwice);
    event.until = clock();
    ends.run(kOnTheWay);
    print_pull(one.row + "/down", one.pulled, ends.down().outcome(event), off_core);
    event.dead.reset();
    event.every_flow = !one.all;
    print_pull(one.row + "/up", one.pulled, ends.up().outcome(event), off_core);
    ++one.pulled;
}

/// laggd, told and not told, and its twin, in turns.
void compare(const std::string &protocol, unsigned members, unsigned pulls, unsigned of_polled,
             const port::PacketPool &pool) {
    const bool failover = protocol == "failover";
    const std::string tag = protocol.substr(0, 1) + std::to_string(members);
    const std::string rest = "/" + protocol + "/members:" + std::to_string(members) + "/pull";
    FarEnds ends(members, pool.get());
    if (failover) ends.send_up_where_learned();
    const auto laggd = [&](const std::string &prefix) {
        return make_laggd(prefix + tag, ends.rings(), pool,
                          failover ? LaggdProtocol::FAILOVER : LaggdProtocol::LOADBALANCE, true);
    };
    const BondingMode mode = failover ? BondingMode::ACTIVE_BACKUP : BondingMode::BALANCE;
    Contestant all[] = {{.row = "failover/laggd/net_ring" + rest,
                         .engine = laggd("w"),
                         .tells = true,
                         .returns = true,
                         .all = !failover,
                         .pulls = pulls},
                        {.row = "failover/laggd/net_ring-polled" + rest,
                         .engine = laggd("v"),
                         .tells = false,
                         .returns = true,
                         .all = !failover,
                         .pulls = of_polled},
                        {.row = "failover/net_bonding/net_ring" + rest,
                         .engine = make_net_bonding(mode, "b" + tag, ends.rings(), pool),
                         .tells = false,
                         .returns = !failover,
                         .all = !failover,
                         .pulls = of_polled}};
    std::mt19937 random(7);
    for (unsigned turn = 1; turn <= kTurns; ++turn)
        for (Contestant &one : all) {
            if (one.pulls == 0) continue;
            one.engine->start({1});
            ends.run(20 * kMillisecond);
            while (one.pulled < one.pulls * turn / kTurns)
                pull_once(one, ends, random);
            one.engine->stop();
            ends.empty();
        }
}

int run(int argc, char **argv) {
    if (argc < 4) give_up("usage: ring_failover PULLS PULLS_POLLED hugepages|no-huge");
    spdlog::set_level(spdlog::level::warn); // standard output is for the pulls
    const auto pulls = static_cast<unsigned>(std::atoi(argv[1]));
    const auto of_polled = static_cast<unsigned>(std::atoi(argv[2]));
    const uint32_t buffers = 16384;
    start_dpdk(argv[0], std::string_view(argv[3]) == "hugepages", buffers);
    Result<std::unique_ptr<port::PacketPool>> pool = port::PacketPool::create(buffers);
    if (!pool) give_up(pool.error().message);
    for (const char *protocol : {"failover", "loadbalance"})
        for (const unsigned members : {2u, 4u})
            compare(protocol, members, pulls, of_polled, **pool);
    pool->reset();
    rte_eal_cleanup();
    return 0;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    return lagg::bench::run(argc, argv);
}
