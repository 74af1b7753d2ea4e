// Where a lagg comes out towards the kernel: a persistent multi-queue TAP.
//
// The TAP outlives the process, so its addresses, its routes and the sockets bound to it survive a
// restart of the daemon; without a process on it the kernel shows it without carrier.
//
// DPDK's net_tap would do the same, but it passes no frame above 1522 octets, whatever the MTU.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/upper/upper.hh"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct rte_mbuf;

namespace lagg::upper {

class Tap final : public Carrier {
  public:
    /// Opens the interface `name`, which is made when it is not there, with this many queues. Its
    /// MTU, MAC address and state are not touched; the kernel gives it a carrier.
    static Result<std::unique_ptr<Tap>> open(const std::string &name, uint16_t queues,
                                             const port::PacketPool &pool);
    /// Lets go of the interface, which stays.
    ~Tap() override;
    Tap(const Tap &) = delete;
    Tap &operator=(const Tap &) = delete;

    /// Where the interface is now.
    enum class Place {
        HERE,
        ELSEWHERE, ///< in another network namespace
        GONE,      ///< deleted; frames go nowhere
    };
    Place place() const;
    /// Its name, which others may change; empty when it is gone.
    std::string name() const;
    /// Tells the kernel, in whatever namespace the interface is and whatever it is called, unless
    /// it is gone. Waits for the link lock.
    Result<void> set_carrier(bool up) const override;

    uint16_t queues() const { return static_cast<uint16_t>(queues_.size()); }
    /// What workers need of it, while it is open; its frames are counted at `id`.
    Endpoint endpoint(uint16_t id);

    /// Frames the kernel sends, as rte_eth_rx_burst gives them. One thread at a time for each
    /// queue.
    uint16_t receive(uint16_t queue, rte_mbuf **frames, uint16_t count);
    /// Hands frames to the kernel and frees those it took, as rte_eth_tx_burst does; stops at the
    /// first one it refuses.
    uint16_t transmit(uint16_t queue, rte_mbuf **frames, uint16_t count);

  private:
    /// One to a cache line: each has a worker of its own.
    struct alignas(64) Queue {
        int fd = -1;
        rte_mbuf *spare = nullptr; ///< the next frame is read into it
    };
    explicit Tap(const port::PacketPool &pool) : pool_(pool.get()) {}

    rte_mempool *pool_;
    std::vector<Queue> queues_;
};

/// Whether this process may make and open TAPs, and if not the reason in words.
Result<void> can_open_taps();

} // namespace lagg::upper
