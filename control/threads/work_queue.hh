// Work that other threads want of one thread, which waits for it on a descriptor beside whatever
// else it waits for: with poll, or in an event loop that nobody else may touch.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace lagg {

/// The queue belongs to the thread that runs what is in it. Everybody else has a Sender.
class WorkQueue {
    struct Shared;

  public:
    using Work = std::function<void()>;

    /// Posts to a queue from any thread, also when the queue is gone: the work is then dropped.
    class Sender {
      public:
        void post(Work work) const { post_once({}, std::move(work)); }
        /// Nothing where work of this key waits already, as it will do the same. Work without a key
        /// is never the same.
        void post_once(const std::string &key, Work work) const;
        /// Returns when the work is done, or was dropped. Not to be used from the queue's own
        /// thread.
        void call(const Work &work) const;

      private:
        friend WorkQueue;
        explicit Sender(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
        std::shared_ptr<Shared> shared_;
    };

    WorkQueue();
    /// Drops what waits.
    ~WorkQueue();
    WorkQueue(const WorkQueue &) = delete;
    WorkQueue &operator=(const WorkQueue &) = delete;

    /// False when the process had no descriptor left for it; nothing else may be called then.
    bool usable() const { return fd() >= 0; }
    /// Readable while there is something in it.
    int fd() const;
    const Sender &sender() const { return sender_; }
    /// Runs what waits, in the order in which it was posted; what is posted meanwhile is for the
    /// next time. False when there was nothing.
    bool run();

  private:
    Sender sender_;
};

} // namespace lagg
