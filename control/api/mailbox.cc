// The queue and its eventfd are shared with the senders, because a sender may outlive the mailbox.
#include "control/api/mailbox.hh"

#include <event2/event.h>

#include <cassert>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace lagg::api {

struct Mailbox::Shared {
    Shared() : fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    Shared(const Shared &) = delete;
    Shared &operator=(const Shared &) = delete;
    ~Shared() {
        if (fd >= 0) close(fd);
    }

    void post(Work one) {
        {
            const std::lock_guard lock(mutex);
            if (closed) return;
            queue.push_back(std::move(one));
        }
        // EAGAIN means that the counter is full: the loop has been told often enough.
        const uint64_t once = 1;
        while (write(fd, &once, sizeof once) < 0 && errno == EINTR) {
        }
    }

    std::vector<Work> take() {
        uint64_t count = 0;
        while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
        }
        const std::lock_guard lock(mutex);
        return std::exchange(queue, {});
    }

    void shut() {
        // Destroyed after the lock is released: what the work owns may post in its destructor.
        std::vector<Work> dropped;
        const std::lock_guard lock(mutex);
        closed = true;
        dropped.swap(queue);
    }

    const int fd;
    std::mutex mutex;
    std::vector<Work> queue;
    bool closed = false;
};

Mailbox::Mailbox(event_base *base) : shared_(std::make_shared<Shared>()) {
    if (shared_->fd < 0) return;
    event_ = event_new(base, shared_->fd, EV_READ | EV_PERSIST, &Mailbox::deliver, this);
    if (event_ && event_add(event_, nullptr) != 0) event_free(std::exchange(event_, nullptr));
}

Mailbox::~Mailbox() {
    if (event_) event_free(event_);
    shared_->shut();
}

std::function<void(Mailbox::Work)> Mailbox::sender() const {
    assert(usable());
    return [shared = shared_](Work work) { shared->post(std::move(work)); };
}

void Mailbox::deliver(int, short, void *mailbox) {
    for (const Work &work : static_cast<Mailbox *>(mailbox)->shared_->take())
        work();
}

} // namespace lagg::api
