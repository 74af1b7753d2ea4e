#include "dataplane/port/packet_pool.hh"

#include <fmt/format.h>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

namespace lagg::port {

namespace {

constexpr uint32_t kCacheBuffers = 256;
constexpr uint32_t kPageBytes = 4096;
/// Private header and alignment that each buffer costs beside its data.
constexpr uint32_t kOverheadBytes = 512;

void touch(rte_mempool *, void *, void *object, unsigned) {
    auto *bytes = static_cast<volatile char *>(object);
    for (uint32_t offset = sizeof(rte_mbuf); offset < sizeof(rte_mbuf) + kBufferBytes; offset += kPageBytes)
        bytes[offset] = 0;
}

} // namespace

Result<std::unique_ptr<PacketPool>> PacketPool::create(uint32_t buffers) {
    // The protocol thread runs at a real-time priority and can preempt a worker in the middle of a get or a
    // put; with the usual ring it would then spin for what the worker cannot finish. This one lets it pass.
    rte_mempool *pool = rte_pktmbuf_pool_create_by_ops("lagg_packets", buffers, kCacheBuffers, 0,
                                                       kBufferBytes + RTE_PKTMBUF_HEADROOM,
                                                       static_cast<int>(rte_socket_id()), "ring_mt_rts");
    if (pool == nullptr)
        return Error{fmt::format("there is no memory for {} packet buffers ({} MiB): {}; lower [daemon] buffers, or "
                                 "give more memory",
                                 buffers, bytes_needed(buffers) >> 20, rte_strerror(rte_errno))};
    rte_mempool_obj_iter(pool, touch, nullptr);
    return std::unique_ptr<PacketPool>(new PacketPool(pool));
}

PacketPool::~PacketPool() { rte_mempool_free(pool_); }

PoolUse PacketPool::use() const {
    return PoolUse{.total = pool_->size, .free = rte_mempool_avail_count(pool_)};
}

uint64_t PacketPool::bytes_needed(uint32_t buffers) {
    return uint64_t{buffers} * (kBufferBytes + RTE_PKTMBUF_HEADROOM + kOverheadBytes);
}

} // namespace lagg::port
