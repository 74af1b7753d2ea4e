// The pool that packet buffers come from: data, LACPDUs and slow-protocol frames alike. Ports of
// net_af_xdp receive into a second pool, whose buffers fit into a page.
#pragma once

#include "dataplane/base/result.hh"

#include <cstdint>
#include <memory>

struct rte_mempool;

namespace lagg::port {

/// Octets of a frame that one buffer holds. Every frame of the largest MTU (9216, with its Ethernet
/// header and two tags) fits in a single buffer.
inline constexpr uint16_t kBufferBytes = 10240;

/// Octets of a frame in a buffer of net_af_xdp, whose buffers must not be larger than a page.
inline constexpr uint16_t kXdpBufferBytes = 3456;
inline constexpr uint32_t kXdpBuffers = 16384;

struct PoolUse {
    uint32_t total = 0;
    uint32_t free = 0; ///< in the pool and in the cores' caches
};

class PacketPool {
  public:
    /// Touches every page of the pool, so that memory is taken now and not while packets flow.
    static Result<std::unique_ptr<PacketPool>> create(uint32_t buffers);
    ~PacketPool();
    PacketPool(const PacketPool &) = delete;
    PacketPool &operator=(const PacketPool &) = delete;

    rte_mempool *get() const { return pool_; }
    /// The pool for net_af_xdp ports, made when the first of them asks; null when there is no
    /// memory.
    rte_mempool *for_xdp() const;
    PoolUse use() const;
    /// Octets of memory that a pool of this many buffers takes.
    static uint64_t bytes_needed(uint32_t buffers);
    static uint64_t xdp_bytes_needed();

  private:
    explicit PacketPool(rte_mempool *pool) : pool_(pool) {}
    rte_mempool *pool_;
    mutable rte_mempool *xdp_pool_ = nullptr; ///< only the control thread opens ports
};

} // namespace lagg::port
