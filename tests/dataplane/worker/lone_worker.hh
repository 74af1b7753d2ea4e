// One worker over rings, run by the test's own thread and to a script: what its client has ready at
// each poll is known, and so is in which round each frame is sent. No clock decides then whether a
// frame came in time.
#pragma once

#include "tests/dataplane/worker/bench.hh"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

struct rte_eth_rxtx_callback;

namespace lagg::worker {

/// A frame that was offered to a member's device.
struct Offered {
    unsigned member;
    unsigned round; ///< counted from 1; kAtTheEnd for what was sent when the worker stopped
    uint64_t tsc;
    bool slow;
    Tag tag; ///< of a frame that is not slow
};
inline constexpr unsigned kAtTheEnd = ~0u;

class LoneWorker {
  public:
    explicit LoneWorker(unsigned members, unsigned cable_size = 1024);
    /// Counts: every buffer is back in the pool, or the test fails.
    ~LoneWorker();
    LoneWorker(const LoneWorker &) = delete;
    LoneWorker &operator=(const LoneWorker &) = delete;

    /// By the hash of the layer-2 header, over members of one weight.
    void hash();
    void round_robin(const std::vector<uint32_t> &weights, uint32_t stride);
    Way way() const { return state_.laggs[0].way; }
    const std::vector<uint8_t> &turns() const { return state_.laggs[0].spread.turns; }
    /// A flow that hash() sends to that member; an `n`-th one.
    uint32_t flow_of(unsigned member, unsigned n = 0) const;

    /// Lies in the ring of the upper device when the worker polls for the n-th time. `during` is
    /// called in that poll, before the frames are distributed.
    struct Step {
        std::vector<Tag> frames;
        std::function<void()> during = [] {};
    };
    /// Runs the worker for these rounds, and some in which nothing comes; then it is stopped.
    void run(std::vector<Step> steps);
    /// Hands the worker a slow-protocol frame to send, as the protocol thread does.
    void send_slow(unsigned member);

    /// A point from which the worker has to let go of its state, and whether it has.
    uint64_t ask_to_let_go() const;
    bool let_go(uint64_t token) const;

    /// All that members were offered, in the order of the offers.
    const std::vector<Offered> &offered() const { return offered_; }
    /// Called with each burst that a member is offered, before its device takes it.
    std::function<void(unsigned member)> on_offer = [](unsigned) {};
    /// Tags of the data frames in the member's ring, in order, slow ones left out; empties it.
    std::vector<Tag> take(unsigned member);
    /// When the burst of that round was received.
    uint64_t received_tsc(unsigned round) const { return received_tsc_.at(round - 1); }
    const DeviceCounters &counters(unsigned member) const;

  private:
    struct Watched {
        LoneWorker *owner;
        unsigned member;
        const rte_eth_rxtx_callback *callback;
    };
    static uint16_t polled(uint16_t, uint16_t, rte_mbuf **, uint16_t count, uint16_t, void *self);
    static uint16_t offer(uint16_t, uint16_t, rte_mbuf **frames, uint16_t count, void *watched);
    void put(const std::vector<Tag> &frames);
    void next_round();

    std::unique_ptr<port::PacketPool> pool_;
    std::deque<Ring> rings_;
    std::vector<Ring *> to_member_;
    Ring *to_lagg_;
    std::unique_ptr<RingDevice> upper_;
    std::vector<std::unique_ptr<RingDevice>> members_;
    const rte_eth_rxtx_callback *polling_ = nullptr;
    std::deque<Watched> watched_;
    Shared shared_;
    ForwardingState state_;
    std::unique_ptr<Worker> worker_;
    std::vector<Step> steps_;
    unsigned round_ = 0;
    std::vector<Offered> offered_;
    std::vector<uint64_t> received_tsc_;
};

} // namespace lagg::worker
