// Link interrupts of devices, turned into a file descriptor that a thread can wait on.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/port/port.hh"

namespace lagg::port {

class LinkEvents {
  public:
    LinkEvents();
    ~LinkEvents();
    LinkEvents(const LinkEvents &) = delete;
    LinkEvents &operator=(const LinkEvents &) = delete;

    /// Readable after any watched device reported a change.
    int fd() const { return event_fd_; }
    /// Makes fd() quiet again; look at the links after it, not before.
    void clear();

  private:
    int event_fd_;
};

} // namespace lagg::port
