// What other threads want of the control thread: reloads for API clients, devices that went away,
// and devices whose queues have to be emptied.
#pragma once

#include "dataplane/base/result.hh"

#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace lagg::daemon {

class Inbox {
  public:
    using Reply = std::function<void(Result<std::string>)>;
    struct LostPort {
        std::string name;
        std::string why; ///< completes "its device ..."
    };
    struct Content {
        std::vector<Reply> reloads;
        std::vector<LostPort> lost_ports;
        std::vector<std::string> stale_ports;
        std::vector<std::string> changed_interfaces; ///< by the name of their lagg
    };

    Inbox();
    ~Inbox();
    Inbox(const Inbox &) = delete;
    Inbox &operator=(const Inbox &) = delete;

    /// Readable while there is something in it.
    int fd() const { return fd_; }
    void add_reload(Reply reply);
    void add_lost_port(const std::string &port, const std::string &why);
    void add_stale_port(const std::string &port);
    void add_changed_interface(const std::string &lagg);
    Content take();

  private:
    void wake() const;

    int fd_;
    std::mutex mutex_;
    Content content_; ///< guarded by mutex_
};

} // namespace lagg::daemon
