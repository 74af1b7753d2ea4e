// The yardstick: DPDK's bonding driver, polled by a loop with as little in it as forwarding takes.
#include "bench/engine/engine.hh"

#include "bench/lacp_elsewhere.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/worker/counters.hh"

#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mbuf.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <thread>

namespace lagg::bench {

namespace {

constexpr uint16_t kBurst = 32;
constexpr uint16_t kDescriptors = 1024;

void must(int code, const std::string &what) {
    if (code < 0) give_up(what + ": " + rte_strerror(-code));
}

void configure_and_start(uint16_t device, uint16_t queues, rte_mempool *pool) {
    rte_eth_conf conf{};
    must(rte_eth_dev_configure(device, queues, queues, &conf), "a device is not configured");
    for (uint16_t queue = 0; queue < queues; ++queue) {
        must(rte_eth_rx_queue_setup(device, queue, kDescriptors, 0, nullptr, pool),
             "a receive queue is not set up");
        must(rte_eth_tx_queue_setup(device, queue, kDescriptors, 0, nullptr),
             "a transmit queue is not set up");
    }
    must(rte_eth_dev_start(device), "a device is not started");
}

/// One worker: its queue of both devices, and what it counts.
struct alignas(64) Forwarder {
    uint16_t upper;
    uint16_t bond;
    uint16_t queue;
    const std::atomic<bool> *end;
    worker::Counter sent;

    void move(uint16_t from, uint16_t to) {
        rte_mbuf *frames[kBurst];
        const uint16_t count = rte_eth_rx_burst(from, queue, frames, kBurst);
        if (count == 0) return;
        const uint16_t taken = rte_eth_tx_burst(to, queue, frames, count);
        sent.add(taken);
        for (uint16_t i = taken; i < count; ++i)
            rte_pktmbuf_free(frames[i]);
    }

    static int run(void *self) {
        auto &forwarder = *static_cast<Forwarder *>(self);
        while (!forwarder.end->load(std::memory_order_relaxed)) {
            forwarder.move(forwarder.upper, forwarder.bond);
            forwarder.move(forwarder.bond, forwarder.upper);
        }
        return 0;
    }
};

class NetBondingEngine final : public Engine {
  public:
    NetBondingEngine(BondingMode mode, const std::string &prefix, const EngineRings &rings,
                     const port::PacketPool &pool)
        : name_("net_bonding_" + prefix), upper_(prefix + "_up", rings.upper) {
        const auto queues = static_cast<uint16_t>(rings.upper.receive.size());
        std::string arguments = "mode=" + std::to_string(static_cast<int>(mode)) +
                                ",xmit_policy=l34,mac=02:00:00:00:b0:01";
        for (size_t i = 0; i < rings.members.size(); ++i) {
            members_.emplace_back(prefix + "_p" + std::to_string(i), rings.members[i]);
            arguments += ",slave=" + members_.back().name(); // DPDK's own word for a member
        }
        must(rte_vdev_init(name_.c_str(), arguments.c_str()), "net_bonding is not made");
        must(rte_eth_dev_get_port_by_name(name_.c_str(), &bond_), "net_bonding is not found");
        if (mode == BondingMode::LACP) must(leave_lacp_to_us(bond_), "LACP is not left to us");
        configure_and_start(upper_.id(), queues, pool.get());
        configure_and_start(bond_, queues, pool.get());
        wait_for_members();
        if (mode == BondingMode::LACP) take_frames_of_others();
    }

    ~NetBondingEngine() override {
        rte_eth_dev_stop(bond_);
        rte_vdev_uninit(name_.c_str());
        rte_eth_dev_stop(upper_.id());
    }

    void start(const std::vector<unsigned> &lcores) override {
        end_ = false;
        lcores_ = lcores;
        forwarders_.clear();
        for (const unsigned lcore : lcores) {
            Forwarder &one = forwarders_.emplace_back();
            one.upper = upper_.id();
            one.bond = bond_;
            one.queue = static_cast<uint16_t>(forwarders_.size() - 1);
            one.end = &end_;
            must(rte_eal_remote_launch(Forwarder::run, &one, lcore), "a worker does not start");
        }
    }

    uint64_t packets() const override {
        uint64_t sum = 0;
        for (const Forwarder &one : forwarders_)
            sum += one.sent.value();
        return sum;
    }

    void stop() override {
        end_ = true;
        for (const unsigned lcore : lcores_)
            rte_eal_wait_lcore(lcore);
    }

    uint16_t member_device(unsigned member) const override { return members_[member].id(); }

  private:
    void wait_for_members() const {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (!every_member_is_active(bond_)) {
            if (std::chrono::steady_clock::now() > deadline)
                give_up("net_bonding does not take every member in within 5 s");
            std::this_thread::yield();
        }
    }
    /// Mode 4 compares each frame's destination with its own address where it is not promiscuous. A
    /// bridge behind it needs it to be so, testpmd makes it so, and laggd's ports always are.
    void take_frames_of_others() const {
        must(collect_and_distribute(bond_), "net_bonding does not collect");
        must(rte_eth_promiscuous_enable(bond_), "net_bonding does not take frames of others");
    }

    std::string name_;
    RingDevice upper_;
    std::deque<RingDevice> members_;
    uint16_t bond_ = 0;
    std::atomic<bool> end_{false};
    std::vector<unsigned> lcores_;
    std::deque<Forwarder> forwarders_;
};

} // namespace

std::unique_ptr<Engine> make_net_bonding(BondingMode mode, const std::string &prefix,
                                         const EngineRings &rings, const port::PacketPool &pool) {
    return std::make_unique<NetBondingEngine>(mode, prefix, rings, pool);
}

} // namespace lagg::bench
