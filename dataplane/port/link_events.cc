#include "dataplane/port/link_events.hh"

#include <rte_ethdev.h>

#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>

namespace lagg::port {

namespace {

// Runs on EAL's interrupt thread, so it only leaves a mark.
int on_link_event(uint16_t, rte_eth_event_type, void *argument, void *) {
    static_cast<const LinkEvents *>(argument)->notify();
    return 0;
}

} // namespace

LinkEvents::LinkEvents() : event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    assert(event_fd_ >= 0);
    rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_LSC, on_link_event, this);
}

LinkEvents::~LinkEvents() {
    rte_eth_dev_callback_unregister(RTE_ETH_ALL, RTE_ETH_EVENT_INTR_LSC, on_link_event, this);
    close(event_fd_);
}

void LinkEvents::notify() const {
    const uint64_t one = 1;
    // A full counter is readable already.
    [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof one);
}

void LinkEvents::clear() {
    uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_fd_, &count, sizeof count);
}

} // namespace lagg::port
