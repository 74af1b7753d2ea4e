// Closes ports without waiting for them: a driver may take minutes to give up on a device that
// does not answer any more, and nobody else should have to wait for that.
#pragma once

#include "dataplane/port/port.hh"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace lagg::port {

class Undertaker {
  public:
    Undertaker();
    /// Does not wait.
    ~Undertaker();
    Undertaker(const Undertaker &) = delete;
    Undertaker &operator=(const Undertaker &) = delete;

    /// Closes the port on a thread of its own. No worker may use it any more.
    void take(std::unique_ptr<Port> port);
    /// True while a device of that name is being closed: it cannot be opened yet.
    bool has(const std::string &device) const;
    /// Waits until everything taken is closed; the names of ports that are not when the limit is
    /// over.
    std::vector<std::string> wait(std::chrono::milliseconds limit) const;

    struct Body;

  private:
    std::shared_ptr<Body> body_;
};

} // namespace lagg::port
