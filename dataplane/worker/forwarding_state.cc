#include "dataplane/worker/forwarding_state.hh"

#include <rte_ethdev.h>

#include <algorithm>
#include <cassert>

namespace lagg::worker {

ForwardingState::ForwardingState() {
    slow_worker.fill(kMaxWorkers);
    slow_queues.fill(0);
}

uint16_t receive_from_device(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                             uint16_t count) {
    return rte_eth_rx_burst(lagg.upper, queue, frames, count);
}

uint16_t send_to_device(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                        uint16_t count) {
    return rte_eth_tx_burst(lagg.upper, queue, frames, count);
}

uint16_t receive_from_tap(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                          uint16_t count) {
    return lagg.tap->receive(queue, frames, count);
}

uint16_t send_to_tap(const LaggForwarding &lagg, uint16_t queue, rte_mbuf **frames,
                     uint16_t count) {
    return lagg.tap->transmit(queue, frames, count);
}

void assign_queues(ForwardingState &state, unsigned workers, const std::vector<uint8_t> &held) {
    assert(workers >= 1);
    assert(workers <= kMaxWorkers);
    state.workers = static_cast<uint8_t>(workers);
    for (LaggForwarding &lagg : state.laggs) {
        lagg.queue_of_worker.fill(kNoQueue);
        if (std::ranges::find(held, lagg.slot) != held.end()) continue;
        lagg.share = static_cast<uint16_t>(std::clamp<unsigned>(lagg.share, 1, workers));
        for (uint16_t queue = 0; queue < lagg.share; ++queue)
            lagg.queue_of_worker[(lagg.slot + queue) % workers] = queue;
        for (uint8_t m = 0; m < lagg.member_count; ++m) {
            if (lagg.members[m].device == port::kNoDevice) continue;
            state.slow_worker[lagg.members[m].device] = static_cast<uint8_t>(lagg.slot % workers);
            state.slow_queues[lagg.members[m].device] = lagg.share;
        }
    }
}

} // namespace lagg::worker
