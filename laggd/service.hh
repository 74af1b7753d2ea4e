// The service thread: the API, and the carrier of kernel interfaces. It waits for the kernel at
// times but never for a device, so clients are answered while one hangs.
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "control/api/server.hh"
#include "dataplane/base/result.hh"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace lagg::daemon {

class Service {
  public:
    /// Starts the loop; the API comes with serve().
    static Result<std::unique_ptr<Service>> start();
    ~Service();
    Service(const Service &) = delete;
    Service &operator=(const Service &) = delete;

    /// For the engine: carrier and speed hand work to the service thread and return at once.
    aggregation::Hooks hooks();
    /// Listens on the API's socket.
    Result<void> serve(const std::string &path, api::Handlers handlers);
    /// Whom to tell the speed of kernel interfaces.
    void watch(aggregation::ProtocolThread *protocol);

  private:
    struct Loop;
    Service();
    static void set_carrier(const std::string &lagg, const upper::Carrier &told, bool up);
    void read_speed(port::DeviceId device, unsigned interface_index);
    void run_and_wait(const std::function<void()> &work);

    std::unique_ptr<Loop> loop_;
    std::unique_ptr<api::Server> server_;
    aggregation::ProtocolThread *protocol_ = nullptr;
    std::thread thread_;
};

/// Tells systemd, where there is one; "READY=1", "STATUS=...", "STOPPING=1".
void notify_systemd(const std::string &state);

} // namespace lagg::daemon
