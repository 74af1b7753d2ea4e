#include "control/api/loop_work.hh"

#include <event2/event.h>

namespace lagg::api {

void FreeEvent::operator()(event *event) const {
    event_free(event);
}

Event run_in_loop(event_base *base, WorkQueue &queue) {
    if (base == nullptr || !queue.usable()) return nullptr;
    const auto run = [](int, short, void *work) { static_cast<WorkQueue *>(work)->run(); };
    Event work(event_new(base, queue.fd(), EV_READ | EV_PERSIST, run, &queue));
    if (work != nullptr && event_add(work.get(), nullptr) != 0) return nullptr;
    return work;
}

} // namespace lagg::api
