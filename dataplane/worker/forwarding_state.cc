#include "dataplane/worker/forwarding_state.hh"

#include <algorithm>
#include <cassert>

namespace lagg::worker {

ForwardingState::ForwardingState() {
    slow_worker.fill(kMaxWorkers);
    slow_queue.fill(kNoQueue);
}

void assign_queues(ForwardingState &state, const std::vector<uint16_t> &queues, unsigned workers) {
    assert(queues.size() == state.laggs.size());
    assert(workers >= 1);
    unsigned next_worker = 0;
    for (size_t l = 0; l < state.laggs.size(); ++l) {
        LaggForwarding &lagg = state.laggs[l];
        const unsigned first_worker = next_worker % workers;
        const unsigned share = std::clamp<unsigned>(queues[l], 1, workers);
        lagg.queue_of_worker.fill(kNoQueue);
        for (uint16_t queue = 0; queue < share; ++queue)
            lagg.queue_of_worker[next_worker++ % workers] = queue;
        for (uint8_t m = 0; m < lagg.member_count; ++m) {
            if (lagg.members[m].device == port::kNoDevice) continue;
            state.slow_worker[lagg.members[m].device] = static_cast<uint8_t>(first_worker);
            state.slow_queue[lagg.members[m].device] = 0;
        }
    }
}

} // namespace lagg::worker
