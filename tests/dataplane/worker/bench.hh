// A bench for the whole packet path: real workers, a real protocol thread, and one or two laggs
// whose ports are devices made of rings.
//
// With two laggs, a and b, cable i joins their i-th ports, and what a client pushes into one comes
// out at the other. With a alone the test holds the far end of every cable itself.
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "dataplane/worker/fleet.hh"
#include "tests/dataplane/worker/ring_device.hh"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace lagg::worker {

using config::Protocol;
using namespace std::chrono_literals;

/// Content of a test frame.
struct Tag {
    uint32_t flow = 0;
    uint32_t number = 0;
    auto operator<=>(const Tag &) const = default;
};
rte_mbuf *make_frame(const port::PacketPool &pool, Tag tag, uint16_t size = 64);
rte_mbuf *make_frame(const port::PacketPool &pool, std::span<const uint8_t> bytes);
/// Reads the tag and frees the frame.
Tag take_tag(rte_mbuf *frame);
bool is_test_frame(const rte_mbuf *frame);
bool is_slow(const rte_mbuf *frame);
void free_frame(rte_mbuf *frame);

enum Side { A, B };

struct Plan {
    Protocol protocol = Protocol::LOADBALANCE;
    unsigned cables = 2;
    bool two_laggs = true;
    unsigned workers = 1;
    unsigned queues = 1;
    unsigned upper_queues = 0; ///< of the upper devices; 0: as many as the ports have
    unsigned cable_size = 1024;
    bool frees_fast = false; ///< the devices of the ports, which in truth look at what they free
    std::function<void(config::Lagg &)> adjust = [](config::Lagg &) {};
};

class Bench {
  public:
    explicit Bench(const Plan &plan);
    /// Takes everything down and counts: every buffer is back in the pool, or the test fails.
    ~Bench();

    const port::PacketPool &pool() const { return *pool_; }
    Fleet &fleet() { return *fleet_; }
    aggregation::ProtocolThread &protocol() { return *protocol_; }

    /// A client hands a frame to the lagg's upper device. False when its ring is full.
    bool send(Side side, Tag tag, unsigned queue = 0);
    bool send(Side side, std::span<const uint8_t> bytes);
    /// Everything that came out at the lagg's upper device, in order.
    std::vector<Tag> receive(Side side);
    /// The ring that carries frames from the side's i-th port, and the one that brings frames to
    /// it.
    Ring &from_port(Side side, unsigned cable, unsigned queue = 0);
    Ring &to_port(Side side, unsigned cable, unsigned queue = 0);
    RingDevice &device(Side side, unsigned cable) { return *sides_[side].ports[cable]; }
    RingDevice &upper(Side side) { return *sides_[side].upper; }
    DeviceTotals totals(Side side, unsigned cable) {
        return fleet_->totals(device(side, cable).id());
    }
    DeviceTotals upper_totals(Side side) { return fleet_->totals(upper(side).id()); }

    void set_protocol(Side side, Protocol protocol);
    void reconfigure(Side side, const std::function<void(config::Lagg &)> &change,
                     const aggregation::Policies &policies = {});
    void detach(Side side, unsigned cable);
    /// Changes what is wanted of the lagg; its ports stay the same ones.
    void want(Side side, const std::function<void(aggregation::WantedLagg &)> &change);
    void attach(Side side, unsigned cable);
    aggregation::AttachedPort attached(Side side, unsigned cable);
    api::Lagg describe(Side side);
    unsigned distributing(Side side);
    /// Waits until this many ports distribute on each side and the workers know.
    bool wait_distributing(unsigned ports);
    /// LACP lets a port wait for two seconds before it joins. Where a port of a lagg has begun to
    /// wait and nothing else is under way, the clock is put forward to shortly before the end of
    /// that.
    void pass_waiting();
    /// Puts the clock of LACP and of moving flows forward.
    void put_forward(lacp::Duration time);

    /// Waits until no frame is on its way that a worker could still move.
    void quiet();
    static bool wait_until(const std::function<bool()> &condition,
                           std::chrono::milliseconds limit = 8s);
    bool wait_settled() { return protocol_->wait_settled(5s); }
    /// Every frame a side took from its client was sent or counted as dropped, and the same the
    /// other way. Of broadcast, `copies` are made of each.
    void check_balance(Side side, uint64_t copies = 1);

  private:
    struct SideParts {
        config::Lagg config;
        aggregation::Identity identity;
        std::vector<Ring *> to_lagg;
        std::vector<Ring *> from_lagg;
        std::vector<std::vector<Ring *>> from_port; ///< by cable and queue
        std::vector<std::vector<Ring *>> to_port;
        std::vector<std::unique_ptr<RingDevice>> ports;
        std::unique_ptr<RingDevice> upper;
    };
    std::vector<Ring *> make_rings(unsigned size, unsigned queues);
    void make_side(Side side, const Plan &plan);
    void start(Side side);
    bool rings_empty() const;

    unsigned cable_size_;
    bool frees_fast_;
    std::unique_ptr<port::PacketPool> pool_;
    std::deque<Ring> rings_;
    std::deque<SideParts> sides_;
    std::unique_ptr<Fleet> fleet_;
    /// Lead of the protocol thread's clock over the machine's; only that thread uses it.
    lacp::Duration ahead_{};
    std::unique_ptr<aggregation::ProtocolThread> protocol_;
};

/// Sends `frames` frames of `flows` flows from one side while taking what comes out at the other,
/// with never so many on their way that a ring runs over. Returns what came, in order.
std::vector<Tag> pump(Bench &bench, Side from, uint32_t frames, uint32_t flows = 16,
                      const std::function<void(uint32_t sent)> &between = {});

} // namespace lagg::worker
