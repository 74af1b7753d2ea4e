// An event loop that runs what other threads post to a WorkQueue. libevent's own bases may be used
// from one thread only unless its locking is switched on for the whole process.
#pragma once

#include "control/threads/work_queue.hh"

#include <memory>

struct event;
struct event_base;

namespace lagg::api {

struct FreeEvent {
    void operator()(event *event) const;
};
using Event = std::unique_ptr<event, FreeEvent>;

/// The loop runs what is in the queue for as long as this event lives, which the queue has to
/// outlive. None when there is no memory or descriptor.
Event run_in_loop(event_base *base, WorkQueue &queue);

} // namespace lagg::api
