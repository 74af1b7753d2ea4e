// News of links, turned into a file descriptor that a thread can wait on: from the watches of the
// ports, and from devices that tell by themselves.
#pragma once

namespace lagg::port {

class LinkEvents {
  public:
    LinkEvents();
    ~LinkEvents();
    LinkEvents(const LinkEvents &) = delete;
    LinkEvents &operator=(const LinkEvents &) = delete;

    /// Readable after any watched device reported a change.
    int fd() const { return event_fd_; }
    /// Makes fd() readable. From any thread.
    void notify() const;
    /// Makes fd() quiet again; look at the links after it, not before.
    void clear();

  private:
    int event_fd_;
};

} // namespace lagg::port
