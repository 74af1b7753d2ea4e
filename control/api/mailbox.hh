// Work handed to the event loop's thread from any thread. libevent's own bases may be used from one
// thread only unless its locking is switched on for the whole process; an eventfd needs no such
// thing.
#pragma once

#include <functional>
#include <memory>

struct event;
struct event_base;

namespace lagg::api {

/// Lives and dies on the loop's thread; post() may be called from any thread, and through a copy of
/// sender() also after the mailbox is gone (the work is then dropped).
class Mailbox {
  public:
    using Work = std::function<void()>;

    explicit Mailbox(event_base *base);
    ~Mailbox();
    Mailbox(const Mailbox &) = delete;
    Mailbox &operator=(const Mailbox &) = delete;

    /// False when the process had no descriptor left for it; nothing else may be called then.
    bool usable() const { return event_ != nullptr; }

    /// Runs `work` on the loop's thread soon; a no-op when the mailbox is gone.
    std::function<void(Work)> sender() const;

  private:
    struct Shared;
    static void deliver(int fd, short events, void *mailbox);

    std::shared_ptr<Shared> shared_;
    event *event_ = nullptr;
};

} // namespace lagg::api
