// net_null hands out buffers as they are, and in new ones there are zeros. In a shared object that
// LD_PRELOAD names, this writes frames into every buffer of a pool when a queue is set up that
// takes its buffers from there: an engine receives IPv4 of many flows then. Who forwards does not
// write into frames, so they stay.
#include "bench/engine/frames.hh"

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <cstring>
#include <dlfcn.h>
#include <set>

namespace {

constexpr unsigned kFlows = 1024;

void fill(rte_mempool *pool) {
    static const std::vector<lagg::bench::Frame> frames = lagg::bench::make_frames(kFlows);
    rte_mempool_obj_iter(
        pool,
        [](rte_mempool *, void *, void *object, unsigned index) {
            auto *buffer = static_cast<rte_mbuf *>(object);
            std::memcpy(static_cast<char *>(buffer->buf_addr) + RTE_PKTMBUF_HEADROOM,
                        frames[index % kFlows].data(), lagg::bench::kFrameBytes);
        },
        nullptr);
}

} // namespace

int rte_eth_rx_queue_setup(uint16_t device, uint16_t queue, uint16_t descriptors, unsigned socket,
                           const rte_eth_rxconf *conf, rte_mempool *pool) {
    static std::set<rte_mempool *> filled;
    if (pool != nullptr && filled.insert(pool).second) fill(pool);
    static const auto next = reinterpret_cast<decltype(rte_eth_rx_queue_setup) *>(
        dlsym(RTLD_NEXT, "rte_eth_rx_queue_setup"));
    return next(device, queue, descriptors, socket, conf, pool);
}
