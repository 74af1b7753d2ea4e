#include "laggd/inbox.hh"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

namespace lagg::daemon {

Inbox::Inbox() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    assert(fd_ >= 0);
}

Inbox::~Inbox() {
    close(fd_);
}

void Inbox::wake() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
}

void Inbox::add_reload(Reply reply) {
    {
        const std::lock_guard lock(mutex_);
        content_.reloads.push_back(std::move(reply));
    }
    wake();
}

void Inbox::add_lost_port(const std::string &port, const std::string &why) {
    {
        const std::lock_guard lock(mutex_);
        content_.lost_ports.push_back({port, why});
    }
    wake();
}

void Inbox::add_stale_port(const std::string &port) {
    {
        const std::lock_guard lock(mutex_);
        content_.stale_ports.push_back(port);
    }
    wake();
}

void Inbox::add_changed_interface(const std::string &lagg) {
    {
        const std::lock_guard lock(mutex_);
        std::vector<std::string> &names = content_.changed_interfaces;
        if (std::ranges::find(names, lagg) == names.end()) names.push_back(lagg);
    }
    wake();
}

Inbox::Content Inbox::take() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
    const std::lock_guard lock(mutex_);
    return std::exchange(content_, {});
}

} // namespace lagg::daemon
