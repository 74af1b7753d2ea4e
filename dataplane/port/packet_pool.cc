#include "dataplane/port/packet_pool.hh"

#include <fmt/format.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <string>

namespace lagg::port {

namespace {

constexpr uint32_t kCacheBuffers = 256;
constexpr uint32_t kPageBytes = 4096;
/// The protocol thread runs at a real-time priority and can preempt a worker in the middle of a get
/// or a put; with the usual ring it would then spin for what the worker cannot finish. This one
/// lets it pass.
constexpr const char *kPoolKind = "ring_mt_rts";
/// What a socket takes for its ring of empty buffers, and as many on their way.
constexpr uint32_t kXdpBuffersOfQueue = 4096;
static_assert(kHeadroomBytes == RTE_PKTMBUF_HEADROOM);

void touch(rte_mempool *, void *, void *object, unsigned) {
    auto *bytes = static_cast<volatile char *>(object);
    for (uint32_t offset = sizeof(rte_mbuf); offset < sizeof(rte_mbuf) + kBufferBytes;
         offset += kPageBytes)
        bytes[offset] = 0;
}

/// Without caches, since its frames are few: what is freed is there for whoever needs it.
rte_mempool *make_slow_pool(uint32_t buffers) {
    return rte_pktmbuf_pool_create_by_ops("lagg_slow_frames", buffers, 0, 0,
                                          kSlowBufferBytes + RTE_PKTMBUF_HEADROOM,
                                          static_cast<int>(rte_socket_id()), kPoolKind);
}

} // namespace

Result<std::unique_ptr<PacketPool>> PacketPool::create(uint32_t buffers, uint32_t slow_buffers) {
    rte_mempool *pool = rte_pktmbuf_pool_create_by_ops(
        "lagg_packets", buffers, kCacheBuffers, 0, kBufferBytes + RTE_PKTMBUF_HEADROOM,
        static_cast<int>(rte_socket_id()), kPoolKind);
    if (pool == nullptr)
        return Error{fmt::format(
            "there is no memory for {} packet buffers ({} MiB): {}; lower [daemon] buffers, or "
            "give more memory",
            buffers, pool_bytes_needed(buffers) >> 20, rte_strerror(rte_errno))};
    rte_mempool_obj_iter(pool, touch, nullptr);
    rte_mempool *slow = make_slow_pool(slow_buffers);
    if (slow == nullptr) {
        rte_mempool_free(pool);
        return Error{fmt::format("there is no memory for {} buffers of LACPDUs ({} MiB): {}; give "
                                 "more memory, or fewer descriptors to ports",
                                 slow_buffers, slow_pool_bytes_needed(slow_buffers) >> 20,
                                 rte_strerror(rte_errno))};
    }
    return std::unique_ptr<PacketPool>(new PacketPool(pool, slow));
}

// The driver does not give back what it has in the rings of a socket that is closed, nor of one
// that cannot be opened. What is elsewhere at that time comes back, so that the pool has to stay.
rte_mempool *PacketPool::for_xdp(uint16_t queues) const {
    const uint32_t wanted = queues * kXdpBuffersOfQueue;
    if (xdp_pools_.empty() || rte_mempool_avail_count(xdp_pools_.back()) < wanted) {
        const std::string name = fmt::format("lagg_xdp_packets_{}", xdp_pools_.size());
        rte_mempool *pool = rte_pktmbuf_pool_create_by_ops(
            name.c_str(), std::max(kXdpBuffers, wanted), kCacheBuffers, 0,
            kXdpBufferBytes + RTE_PKTMBUF_HEADROOM, static_cast<int>(rte_socket_id()), kPoolKind);
        if (pool == nullptr) return nullptr;
        xdp_pools_.push_back(pool);
    }
    return xdp_pools_.back();
}

PacketPool::~PacketPool() {
    for (rte_mempool *pool : xdp_pools_)
        rte_mempool_free(pool);
    rte_mempool_free(slow_pool_);
    rte_mempool_free(pool_);
}

PoolUse PacketPool::use() const {
    PoolUse use{.total = pool_->size, .free = rte_mempool_avail_count(pool_)};
    for (const rte_mempool *pool : xdp_pools_) {
        use.total += pool->size;
        use.free += rte_mempool_avail_count(pool);
    }
    return use;
}

PoolUse PacketPool::slow_use() const {
    return {.total = slow_pool_->size, .free = rte_mempool_avail_count(slow_pool_)};
}

} // namespace lagg::port
