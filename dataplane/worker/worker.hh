// One worker: a thread on a core of its own that polls its queues to completion.
//
// It takes no lock, allocates nothing, makes no system call of its own while packets flow, and
// writes no cache line that another worker writes.
#pragma once

#include "dataplane/frame/flow_key.hh"
#include "dataplane/worker/counters.hh"
#include "dataplane/worker/distributor.hh"
#include "dataplane/worker/forwarding_state.hh"

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

struct rte_mbuf;
struct rte_mempool;
struct rte_rcu_qsbr;
struct rte_ring;

namespace lagg::worker {

/// Received slow-protocol frames of one device that wait in a worker for the protocol thread: a
/// flood on one port takes no room from the others. More than the standard allows in ten seconds.
inline constexpr unsigned kSlowShare = 128;
/// Announcements of one device that are on their way to it.
inline constexpr unsigned kMostAnnouncements = 8;

/// What all workers share. While they run only the protocol thread writes here: the pointer at
/// every publication, and requests to flush when a Marker came.
struct Shared {
    std::atomic<const ForwardingState *> state{nullptr};
    std::atomic<bool> stop{false};
    rte_rcu_qsbr *rcu = nullptr;
    rte_mempool *pool = nullptr;
    bool may_sleep = true; ///< idle workers sleep for tens of microseconds
    /// Numbers of requests to empty the receive queues of a device: the last one, and the last one
    /// of each device.
    std::atomic<uint64_t> flush_wanted{0};
    /// Readable when slow-protocol frames came, and whether somebody was told so since the reader
    /// looked last: a flood of them costs one system call a look and not one each.
    int slow_event = -1;
    std::atomic<bool> slow_told{false};
    std::array<std::atomic<uint64_t>, kMaxDevices> flush_of_device{};
};

/// Counts a frame of ours that was dropped, by what it is.
void count_unsent(UnsentCounters &unsent, std::span<const uint8_t> frame);

class Worker {
  public:
    Worker(Shared &shared, unsigned index);
    ~Worker();
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    /// The poll loop; returns after shared.stop.
    void run();

    /// Slow-protocol frames the worker received, for the protocol thread. mbuf->port names the
    /// device.
    rte_ring *slow_received() const { return slow_received_; }
    /// Called by the protocol thread for each frame of `slow_received` that it took.
    void note_taken(port::DeviceId device) { taken_up_[device].add(1); }
    /// Slow-protocol frames to send; mbuf->port names the device. Sent ahead of data.
    rte_ring *slow_to_send() const { return slow_to_send_; }
    /// Announcements, which wait until their device takes them; at most kMostAnnouncements of a
    /// device may be on their way. Sent behind slow-protocol frames and ahead of data.
    rte_ring *announcements() const { return announcements_; }

    const DeviceCounters &counters(EndpointId endpoint) const { return counters_[endpoint]; }
    const BucketLoads &bucket_loads(uint8_t lagg_slot) const {
        return distributor_.bucket_loads(lagg_slot);
    }
    const LoopCounters &loops() const { return loops_; }
    /// The last request of Shared::flush_wanted that was carried out.
    uint64_t flushed() const { return flushed_.done.load(std::memory_order_acquire); }

  private:
    bool round(const ForwardingState &state);
    void flush(const ForwardingState *state);
    void empty_queues(const LaggForwarding &lagg, const Member &member, uint16_t own_queue);
    void take_slow_frames();
    void send_slow_frames(const ForwardingState &state);
    void send_announcements(const ForwardingState &state);
    bool sends(const ForwardingState &state, const rte_mbuf *frame) const;
    void drop_unsent(rte_mbuf *frame);
    uint64_t count_received(EndpointId endpoint, rte_mbuf **frames, uint16_t *lengths,
                            uint16_t count);
    uint16_t collect(const LaggForwarding &lagg, const Member &member, uint16_t queue,
                     uint16_t own_queue);
    uint16_t take_out_link_frames(port::DeviceId device, rte_mbuf **frames, uint16_t count);
    void take_link_frame(frame::LinkFrame kind, rte_mbuf *frame);
    void drop_uncollected(port::DeviceId device, rte_mbuf **frames, uint16_t count);
    uint16_t distribute(const LaggForwarding &lagg, uint16_t queue, uint16_t own_queue);
    void send_late_batches(bool busy);
    void pass_up(rte_mbuf *frame);
    void tell_of_slow_frame();

    Shared &shared_;
    unsigned index_;
    rte_ring *slow_received_;
    rte_ring *slow_to_send_;
    rte_ring *announcements_;
    std::array<DeviceCounters, kMaxEndpoints> counters_{};
    Distributor distributor_;
    uint64_t waiting_since_ = 0; ///< TSC; since when some batch may wait, 0 while none does
    uint64_t longest_wait_;      ///< TSC cycles
    LoopCounters loops_;
    FlushProgress flushed_;
    uint64_t generation_ = 0; ///< of the state of the last round
    /// Slow frames the device had no room for; they are tried again before anything else is sent.
    std::array<rte_mbuf *, 64> unsent_{};
    size_t unsent_count_ = 0;
    /// Announcements that no device has taken yet, in order.
    std::array<rte_mbuf *, kMostAnnouncements * kMaxDevices> unannounced_{};
    size_t unannounced_count_ = 0;
    /// Slow-protocol frames that were passed up, and those that the protocol thread has taken: the
    /// difference is what waits of a device. Each has one writer.
    std::array<Counter, kMaxDevices> passed_up_;
    alignas(64) std::array<Counter, kMaxDevices> taken_up_;
};

} // namespace lagg::worker
