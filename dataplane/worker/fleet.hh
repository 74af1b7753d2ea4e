// All workers, the state they forward by, and the way frames travel between them and the protocol
// thread.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/worker/worker.hh"

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace lagg::worker {

class Fleet {
  public:
    /// One worker on each of the given EAL lcores; none may be the main one.
    static std::unique_ptr<Fleet> launch(const std::vector<unsigned> &lcores,
                                         const port::PacketPool &pool, bool may_sleep);
    /// Stops the workers and frees the last state.
    ~Fleet();
    Fleet(const Fleet &) = delete;
    Fleet &operator=(const Fleet &) = delete;

    unsigned size() const { return static_cast<unsigned>(workers_.size()); }
    const Worker &worker(unsigned index) const { return *workers_[index]; }
    unsigned lcore(unsigned index) const { return lcores_[index]; }
    DeviceTotals totals(EndpointId endpoint) const;
    /// Octets sent by each bucket of the lagg in that slot, summed over the workers. Each sum wraps
    /// at 2^32: take differences of readings that are not far apart.
    std::array<uint32_t, distribute::kBuckets> bucket_octets(uint8_t lagg_slot) const;

    // The calls below belong to one thread, the protocol thread; none of them blocks.

    /// Workers use the new state from their next round on.
    void publish(std::unique_ptr<ForwardingState> state);
    /// States published so far.
    uint64_t published() const { return generation_; }
    /// True when every worker finished the round it was in when the token was made.
    bool passed(uint64_t token) const;
    /// True when the workers have taken every frame that send_slow queued.
    bool slow_rings_empty() const;
    /// A token that has passed() once every worker finished the round it is in now.
    uint64_t start_grace();
    /// Frees states nobody uses any more.
    void reclaim();
    /// Queues a slow-protocol frame for one of the device's queues that workers send on, behind
    /// what that worker has sent there. False when there is no buffer, no room or no such queue;
    /// it is counted then.
    bool send_slow(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue = 0);
    enum class Announced { QUEUED, LATER, NOWHERE };
    /// Queues an announcement, which will leave behind LACPDUs. LATER: as many as may are on their
    /// way to the device; NOWHERE: nobody sends there.
    Announced announce(port::DeviceId device, std::span<const uint8_t> frame);
    /// A token for flushed(): the frames that all receive queues of the device hold now are to be
    /// delivered.
    uint64_t start_flush(port::DeviceId device);
    bool flushed(uint64_t token) const;
    /// Readable after slow-protocol frames came, until receive_slow() takes them.
    int slow_event() const { return shared_.slow_event; }
    /// Hands over every slow-protocol frame that came, at most `limit`, with its device.
    void receive_slow(const std::function<void(port::DeviceId, std::span<const uint8_t>)> &handle,
                      unsigned limit = 1024);

  private:
    explicit Fleet(const port::PacketPool &pool) : pool_(pool) {}
    bool queue(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue);
    uint64_t on_their_way(port::DeviceId device) const;
    rte_mbuf *make_buffer(port::DeviceId device);
    rte_mbuf *make_frame(port::DeviceId device, std::span<const uint8_t> frame, uint16_t queue);
    void put_aside();

    const port::PacketPool &pool_;
    Shared shared_;
    std::array<UnsentCounters, kMaxDevices> unsent_; ///< that no worker heard of
    std::array<uint64_t, kMaxDevices> announced_{};  ///< ever queued
    /// Buffers of the packet pool, for devices that free fast, when data has taken all the others.
    std::vector<rte_mbuf *> aside_;
    std::vector<unsigned> lcores_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unique_ptr<const ForwardingState> current_;
    uint64_t generation_ = 0;
    struct Retired {
        uint64_t token;
        std::unique_ptr<const ForwardingState> state;
    };
    std::deque<Retired> retired_;
};

} // namespace lagg::worker
