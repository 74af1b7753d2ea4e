// What one worker does with the frames that a lagg's client sends: chooses their members, gathers
// them into a batch a member, and sends a batch when it is full or has waited long enough.
#pragma once

#include "dataplane/bpf/flow.hh"
#include "dataplane/distribute/batches.hh"
#include "dataplane/worker/counters.hh"
#include "dataplane/worker/forwarding_state.hh"

#include <array>
#include <cstdint>
#include <memory>
#include <span>

struct rte_mbuf;
struct rte_mempool;

namespace lagg::worker {

/// Frames that a worker receives at once, and the size of a full batch.
inline constexpr uint16_t kBurst = distribute::kFullBatch;
/// Frames of held buckets that one worker keeps.
inline constexpr size_t kHoldFrames = 2048;

/// Frames, and how long each is: a worker reads that when it receives them, and nobody has to do so
/// again.
struct Burst {
    rte_mbuf **frames;
    const uint16_t *lengths; ///< in octets, all segments
    uint16_t count;          ///< at most distribute::kMostPackets
    uint64_t octets;         ///< the sum of `lengths`
};

class Distributor {
  public:
    /// `counters` are the worker's, by endpoint; broadcast takes its copies from `pool`.
    Distributor(std::span<DeviceCounters, kMaxEndpoints> counters, rte_mempool *pool);
    /// Frees what was not sent.
    ~Distributor();
    Distributor(const Distributor &) = delete;
    Distributor &operator=(const Distributor &) = delete;

    /// Takes over a burst, to be sent on that queue of the members. Nothing of the lagg waits any
    /// longer when it returns, if `last`: more are not expected soon.
    void distribute(const LaggForwarding &lagg, uint16_t queue, const Burst &burst, bool last);
    /// Room for a burst more, if all of it had to be held.
    bool has_room(const LaggForwarding &lagg) const {
        return !lagg.holding || held_count_ + kBurst <= kHoldFrames;
    }
    /// Sends every batch that waits, on the queues they were gathered for.
    void flush();
    bool is_waiting() const { return waiting_laggs_ != 0; }
    /// Sends the frames whose buckets were held as the new state says, in their order, and ahead
    /// of what comes after them; those whose bucket is still held stay. `worker` is the owner's
    /// number. Batches that wait belong to the state before, and are sent first.
    void obey(const ForwardingState &state, unsigned worker);

    const BucketLoads &bucket_loads(uint8_t lagg_slot) const { return loads_[lagg_slot]; }

  private:
    /// What the worker remembers of one lagg between bursts.
    struct alignas(64) LaggState {
        distribute::Cursor cursor;
        distribute::Batches batches;
        /// Of the state and the queue that the batches are for.
        std::array<port::DeviceId, distribute::kMaxMembers> device{};
        const LaggForwarding *lagg = nullptr;
        uint16_t queue = 0;
        uint8_t member_count = 0;
    };

    /// A program of a lagg, and what it remembers; the memory is zeros when the program is new.
    struct ProgramState {
        uint64_t generation = 0; ///< of the program that the memory belongs to
        bpf::ProgramMemory memory;
    };

    void gather(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                uint16_t count);
    void gather_by_buckets(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                           uint16_t count);
    void gather_odd_buckets(const LaggForwarding &lagg, const uint16_t *bucket_of,
                            rte_mbuf **frames, const uint16_t *lengths, uint16_t count);
    void gather_steered(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                        uint16_t count);
    bool run_program(const LaggForwarding &lagg, std::span<const distribute::Packet *const> packets,
                     uint16_t *bucket_of);
    void gather_by_members(const LaggForwarding &lagg, const uint8_t *member_of, rte_mbuf **frames,
                           const uint16_t *lengths, uint16_t count);
    void take_turns(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                    uint16_t count);
    void take_strides(const LaggForwarding &lagg, rte_mbuf **frames, const uint16_t *lengths,
                      uint16_t count);
    void send_to_one(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames, uint16_t count,
                     uint64_t bytes);
    void send_to_all(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames, uint16_t count);
    void prepare(const LaggForwarding &lagg, uint16_t queue, LaggState &state);
    bool send_full(LaggState &state);
    void send_waiting(LaggState &state);
    void send_batch(LaggState &state, unsigned member, size_t count);
    uint16_t without_slow_frames(const LaggForwarding &lagg, rte_mbuf **frames, uint16_t count);
    void send(port::DeviceId device, uint16_t queue, rte_mbuf **frames, uint16_t count,
              uint64_t bytes);
    void measure(const LaggForwarding &lagg, const uint16_t *bucket_of, const uint16_t *lengths,
                 uint16_t count);
    void drop(const LaggForwarding &lagg, rte_mbuf **frames, uint16_t count);
    void drop_slow(const LaggForwarding &lagg, rte_mbuf *frame);
    void hold(const LaggForwarding &lagg, rte_mbuf *frame);
    void drop_held(rte_mbuf *frame);

    std::span<DeviceCounters, kMaxEndpoints> counters_;
    rte_mempool *pool_;
    uint32_t waiting_laggs_ = 0; ///< slots of laggs with batches that wait, a bit each
    /// Frames of held buckets in the order they came; mbuf->port is the slot of their lagg.
    std::array<rte_mbuf *, kHoldFrames> held_{};
    size_t held_count_ = 0;
    std::array<LaggState, kMaxLaggs> laggs_{};
    std::array<BucketLoads, kMaxLaggs> loads_{};
    std::array<ProgramState, kMaxLaggs> programs_{};
};

} // namespace lagg::worker
