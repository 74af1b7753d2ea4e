// The pools that packet buffers come from: one that ports receive into, and a small one for frames
// of our own (LACPDUs, Markers, announcements), which leave whatever data does. Ports of net_af_xdp
// receive into a third one, whose buffers fit into a page.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/pool_size.hh"

#include <cstdint>
#include <memory>
#include <vector>

struct rte_mempool;

namespace lagg::port {

struct PoolUse {
    uint32_t total = 0;
    uint32_t free = 0; ///< in the pool and in the cores' caches
};

class PacketPool {
  public:
    /// Touches every page of the pool, so that memory is taken now and not while packets flow.
    static Result<std::unique_ptr<PacketPool>> create(uint32_t buffers,
                                                      uint32_t slow_buffers = 4096);
    ~PacketPool();
    PacketPool(const PacketPool &) = delete;
    PacketPool &operator=(const PacketPool &) = delete;

    rte_mempool *get() const { return pool_; }
    /// For frames of our own, of at most kSlowBufferBytes.
    rte_mempool *slow() const { return slow_pool_; }
    /// A pool with room for another port of net_af_xdp with so many queues, made when the one
    /// before has none left; null when there is no memory.
    rte_mempool *for_xdp(uint16_t queues) const;
    PoolUse use() const;
    PoolUse slow_use() const;

  private:
    PacketPool(rte_mempool *pool, rte_mempool *slow) : pool_(pool), slow_pool_(slow) {}
    rte_mempool *pool_;
    rte_mempool *slow_pool_;
    mutable std::vector<rte_mempool *> xdp_pools_; ///< only the control thread opens ports
};

} // namespace lagg::port
