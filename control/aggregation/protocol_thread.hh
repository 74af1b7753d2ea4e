// The protocol thread: LACP, link states, failover and membership keep their time here while any
// device call hangs elsewhere.
#pragma once

#include "control/aggregation/engine.hh"
#include "control/kernel/carrier_watch.hh"
#include "control/threads/work_queue.hh"
#include "dataplane/port/link_events.hh"

#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace lagg::aggregation {

class ProtocolThread {
  public:
    using Clock = std::function<lacp::Time()>;
    /// `carriers` may be null where rtnetlink is not to be had. `clock` is called by the thread
    /// alone and must not go backwards; a test has one of its own, so that it need not wait for
    /// LACP.
    ProtocolThread(worker::Fleet &fleet, std::unique_ptr<kernel::CarrierWatch> carriers,
                   Hooks hooks, Clock clock = &now);
    /// Stops the thread.
    ~ProtocolThread();
    ProtocolThread(const ProtocolThread &) = delete;
    ProtocolThread &operator=(const ProtocolThread &) = delete;

    using Call = std::function<void(Engine &, lacp::Time now)>;
    /// Runs `call` on the protocol thread and returns when it has. Not to be used from that thread.
    void call(const Call &call);
    /// Runs `call` on the protocol thread, some time soon.
    void post(Call call);
    /// Waits, at most `limit`, until the workers let go of everything taken from them, and
    /// slow-protocol frames are on their way. False when the limit ran out.
    bool wait_settled(std::chrono::milliseconds limit);
    /// Waits for as long as it takes until no worker uses anything that was taken from the
    /// forwarding state before: only then a device may be closed.
    void wait_for_workers();

    /// Where watches of ports tell of changes.
    const std::shared_ptr<port::LinkEvents> &link_events() const { return link_events_; }

    static lacp::Time now();
    /// Rounds of the loop; stands still when the thread does.
    uint64_t heartbeat() const { return heartbeat_.load(std::memory_order_relaxed); }

  private:
    bool wait_until(const std::function<bool(Engine &)> &condition,
                    std::chrono::milliseconds limit);
    void loop();
    void wait_for_work();
    void run_calls();

    Engine engine_;
    std::unique_ptr<kernel::CarrierWatch> carriers_;
    std::vector<unsigned> followed_; ///< interfaces, as carriers_ was told
    Clock clock_;
    const std::shared_ptr<port::LinkEvents> link_events_ = std::make_shared<port::LinkEvents>();
    WorkQueue calls_;
    bool stopped_ = false; ///< of the thread alone
    std::atomic<uint64_t> heartbeat_{0};
    std::thread thread_;
};

} // namespace lagg::aggregation
