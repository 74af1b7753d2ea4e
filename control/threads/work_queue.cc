// The queue and its eventfd are shared with the senders, because a sender may outlive the queue.
#include "control/threads/work_queue.hh"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

namespace lagg {

struct WorkQueue::Shared {
    struct Waiting {
        std::string key;
        Work work;
    };

    Shared() : fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    Shared(const Shared &) = delete;
    Shared &operator=(const Shared &) = delete;
    ~Shared() {
        if (fd >= 0) close(fd);
    }

    const int fd;
    std::mutex mutex;
    std::vector<Waiting> queue; ///< guarded by mutex, as is the next
    bool closed = false;
};

void WorkQueue::Sender::post_once(const std::string &key, Work work) const {
    {
        const std::lock_guard lock(shared_->mutex);
        std::vector<Shared::Waiting> &queue = shared_->queue;
        const bool waits =
            !key.empty() && std::ranges::find(queue, key, &Shared::Waiting::key) != queue.end();
        if (shared_->closed || waits) return;
        queue.push_back({key, std::move(work)});
    }
    // EAGAIN means that the counter is full: the thread has been told often enough.
    const uint64_t once = 1;
    while (write(shared_->fd, &once, sizeof once) < 0 && errno == EINTR) {
    }
}

void WorkQueue::Sender::call(const Work &work) const {
    // With the work, so that it breaks where that is dropped, and nobody waits for ever.
    auto done = std::make_shared<std::promise<void>>();
    const std::future<void> future = done->get_future();
    post([&work, done] {
        work();
        done->set_value();
    });
    done.reset();
    future.wait();
}

WorkQueue::WorkQueue() : sender_(std::make_shared<Shared>()) {}

WorkQueue::~WorkQueue() {
    // Destroyed after the lock is released: what the work owns may post in its destructor.
    std::vector<Shared::Waiting> dropped;
    const std::lock_guard lock(sender_.shared_->mutex);
    sender_.shared_->closed = true;
    dropped.swap(sender_.shared_->queue);
}

int WorkQueue::fd() const {
    return sender_.shared_->fd;
}

bool WorkQueue::run() {
    // Read first: what is posted after it makes the descriptor readable again.
    uint64_t count = 0;
    while (read(fd(), &count, sizeof count) < 0 && errno == EINTR) {
    }
    std::vector<Shared::Waiting> taken;
    {
        const std::lock_guard lock(sender_.shared_->mutex);
        taken.swap(sender_.shared_->queue);
    }
    for (const Shared::Waiting &one : taken)
        one.work();
    return !taken.empty();
}

} // namespace lagg
