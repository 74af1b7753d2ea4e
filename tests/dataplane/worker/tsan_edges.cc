#include "tests/dataplane/worker/tsan_edges.hh"

#ifndef __SANITIZE_THREAD__

namespace lagg::worker {
void watch_pool(rte_mempool *) {}
void hand_over(rte_ring *) {}
void take_over(rte_ring *) {}
void watch_queue(uint16_t, uint16_t, rte_ring *, rte_ring *) {}
} // namespace lagg::worker

#else

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace lagg::worker {

namespace {

// ---- the packet pool ----------------------------------------------------------------------------
//
// The pool's own functions, with a word to the sanitizer before or after.

int pools_own = -1;

int make_nothing(rte_mempool *) {
    return -ENOTSUP;
}

void free_pool(rte_mempool *pool) {
    rte_mempool_get_ops(pools_own)->free(pool);
}

int put_buffers(rte_mempool *pool, void *const *buffers, unsigned count) {
    __tsan_release(pool);
    return rte_mempool_get_ops(pools_own)->enqueue(pool, buffers, count);
}

int get_buffers(rte_mempool *pool, void **buffers, unsigned count) {
    const int result = rte_mempool_get_ops(pools_own)->dequeue(pool, buffers, count);
    __tsan_acquire(pool);
    return result;
}

unsigned buffers_left(const rte_mempool *pool) {
    return rte_mempool_get_ops(pools_own)->get_count(pool);
}

// ---- queues of devices --------------------------------------------------------------------------

uint16_t received(uint16_t, uint16_t, rte_mbuf **, uint16_t count, uint16_t, void *ring) {
    if (count != 0) take_over(static_cast<rte_ring *>(ring));
    return count;
}

uint16_t about_to_send(uint16_t, uint16_t, rte_mbuf **, uint16_t count, void *ring) {
    hand_over(static_cast<rte_ring *>(ring));
    return count;
}

// ---- threads of EAL
// ---------------------------------------------------------------------------------

struct Launched {
    lcore_function_t *function = nullptr;
    void *argument = nullptr;
};
std::array<Launched, RTE_MAX_LCORE> launched;

int run_and_hand_over(void *argument) {
    auto *one = static_cast<Launched *>(argument);
    __tsan_acquire(one);
    const int result = one->function(one->argument);
    __tsan_release(one);
    return result;
}

template <typename Function> Function *real(const char *name) {
    return reinterpret_cast<Function *>(dlsym(RTLD_NEXT, name));
}

} // namespace

void watch_pool(rte_mempool *pool) {
    static const int index = [] {
        rte_mempool_ops ops{};
        std::snprintf(ops.name, sizeof ops.name, "tsan_ring");
        ops.alloc = make_nothing;
        ops.free = free_pool;
        ops.enqueue = put_buffers;
        ops.dequeue = get_buffers;
        ops.get_count = buffers_left;
        return rte_mempool_register_ops(&ops);
    }();
    if (index < 0) throw std::runtime_error("DPDK does not take the pool's functions");
    pools_own = pool->ops_index;
    pool->ops_index = index;
}

void hand_over(rte_ring *ring) {
    __tsan_release(ring);
}
void take_over(rte_ring *ring) {
    __tsan_acquire(ring);
}

void watch_queue(uint16_t device, uint16_t queue, rte_ring *receive, rte_ring *send) {
    rte_eth_add_rx_callback(device, queue, received, receive);
    rte_eth_add_tx_callback(device, queue, about_to_send, send);
}

} // namespace lagg::worker

// These take the place of DPDK's functions in this program, and call them.

extern "C" int rte_eal_remote_launch(lcore_function_t *function, void *argument, unsigned lcore) {
    using namespace lagg::worker;
    launched[lcore] = {function, argument};
    __tsan_release(&launched[lcore]);
    return real<decltype(rte_eal_remote_launch)>("rte_eal_remote_launch")(run_and_hand_over,
                                                                          &launched[lcore], lcore);
}

extern "C" int rte_eal_wait_lcore(unsigned lcore) {
    using namespace lagg::worker;
    const int result = real<decltype(rte_eal_wait_lcore)>("rte_eal_wait_lcore")(lcore);
    __tsan_acquire(&launched[lcore]);
    return result;
}

#endif
