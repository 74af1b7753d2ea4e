// Facts that ThreadSanitizer cannot see, because DPDK's libraries are not instrumented: that a
// frame which left a ring was put in before, that a buffer from the pool was given back before, and
// that a worker which was waited for has ended. Without ThreadSanitizer all of it is empty.
//
// Ring functions compiled into our own code need no help when they are built with
// -DRTE_USE_C11_MEM_MODEL, which makes them the same instructions in words the sanitizer
// understands.
#pragma once

#include <cstdint>

struct rte_mempool;
struct rte_ring;

namespace lagg::worker {

/// To be called before anything is taken from the pool.
void watch_pool(rte_mempool *pool);
/// Everything before a hand_over of the ring happened before what follows a take_over of it.
void hand_over(rte_ring *ring);
void take_over(rte_ring *ring);
/// The device's queue reads from one ring and writes into the other.
void watch_queue(uint16_t device, uint16_t queue, rte_ring *receive, rte_ring *send);

} // namespace lagg::worker
