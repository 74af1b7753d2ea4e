#include "dataplane/port/packet_pool.hh"

#include <fmt/format.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

namespace lagg::port {

namespace {

constexpr uint32_t kCacheBuffers = 256;
constexpr uint32_t kPageBytes = 4096;
/// The protocol thread runs at a real-time priority and can preempt a worker in the middle of a get
/// or a put; with the usual ring it would then spin for what the worker cannot finish. This one
/// lets it pass.
constexpr const char *kPoolKind = "ring_mt_rts";
static_assert(kHeadroomBytes == RTE_PKTMBUF_HEADROOM);

void touch(rte_mempool *, void *, void *object, unsigned) {
    auto *bytes = static_cast<volatile char *>(object);
    for (uint32_t offset = sizeof(rte_mbuf); offset < sizeof(rte_mbuf) + kBufferBytes;
         offset += kPageBytes)
        bytes[offset] = 0;
}

} // namespace

Result<std::unique_ptr<PacketPool>> PacketPool::create(uint32_t buffers) {
    rte_mempool *pool = rte_pktmbuf_pool_create_by_ops(
        "lagg_packets", buffers, kCacheBuffers, 0, kBufferBytes + RTE_PKTMBUF_HEADROOM,
        static_cast<int>(rte_socket_id()), kPoolKind);
    if (pool == nullptr)
        return Error{fmt::format(
            "there is no memory for {} packet buffers ({} MiB): {}; lower [daemon] buffers, or "
            "give more memory",
            buffers, pool_bytes_needed(buffers) >> 20, rte_strerror(rte_errno))};
    rte_mempool_obj_iter(pool, touch, nullptr);
    return std::unique_ptr<PacketPool>(new PacketPool(pool));
}

rte_mempool *PacketPool::for_xdp() const {
    if (xdp_pool_ == nullptr)
        xdp_pool_ = rte_pktmbuf_pool_create_by_ops("lagg_xdp_packets", kXdpBuffers, kCacheBuffers,
                                                   0, kXdpBufferBytes + RTE_PKTMBUF_HEADROOM,
                                                   static_cast<int>(rte_socket_id()), kPoolKind);
    return xdp_pool_;
}

PacketPool::~PacketPool() {
    rte_mempool_free(xdp_pool_);
    rte_mempool_free(pool_);
}

PoolUse PacketPool::use() const {
    PoolUse use{.total = pool_->size, .free = rte_mempool_avail_count(pool_)};
    if (xdp_pool_ != nullptr) {
        use.total += xdp_pool_->size;
        use.free += rte_mempool_avail_count(xdp_pool_);
    }
    return use;
}

} // namespace lagg::port
