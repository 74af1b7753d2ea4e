// The devices of the benchmarks: DPDK without hardware, and members that only count what is sent to
// them and receive what they are told, so that what is measured is laggd and nothing behind it.
#pragma once

#include <cstdint>
#include <vector>

struct rte_mbuf;
struct rte_mempool;

namespace lagg::bench {

/// Starts EAL once, with huge pages where there are some and without them else.
void start_dpdk();

/// Most members that fit beside a bonded device: DPDK of Debian is built for 32 devices.
inline constexpr unsigned kMostSinks = 31;

/// Devices whose transmit function counts and gives the frames back untouched: the caller goes on
/// owning them.
class Sinks {
  public:
    static Sinks &get();
    uint16_t device(unsigned index) const { return devices_[index]; }
    /// Puts the counting function in place again, which starting a device takes away, and nothing
    /// to receive.
    void arm();
    /// Has them free what is sent from now on, as a driver does: for those who send copies.
    void free_what_is_sent();
    /// Lets the first `members` devices receive by that function, with `queue` as its queue.
    using Receive = uint16_t (*)(void *queue, rte_mbuf **frames, uint16_t most);
    void receive_from(unsigned members, Receive receive, void *queue);
    uint64_t packets(unsigned index) const;
    void clear();

  private:
    Sinks();
    std::vector<uint16_t> devices_;
};

/// Buffers for the frames of all benchmarks.
rte_mempool *frame_pool();

} // namespace lagg::bench
