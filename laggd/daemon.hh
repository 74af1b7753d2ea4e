// The daemon while it runs: its threads and what they share, in the order in which they come up.
//
// Threads: the one that calls (control: devices, kernel interfaces, reloads; may wait for a
// device), the workers, the protocol thread, and the service thread (API, carrier).
#pragma once

#include "control/aggregation/protocol_thread.hh"
#include "control/api/server.hh"
#include "control/config/load.hh"
#include "control/recording/recorder.hh"
#include "control/threads/work_queue.hh"
#include "dataplane/base/result.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/worker/fleet.hh"
#include "laggd/eal.hh"
#include "laggd/protocol_side.hh"
#include "laggd/real_edge.hh"
#include "laggd/reload.hh"
#include "laggd/service.hh"
#include "laggd/supervisor.hh"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace lagg::daemon {

class Daemon {
  public:
    /// `config` is what `file` says and outlives the daemon.
    Daemon(const config::Config &config, std::string file);
    /// Clients are cut off before anything they could ask for goes away.
    ~Daemon();
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;

    /// Starts the threads, answers clients, and opens what the configuration names, which can take
    /// its time. `positions` are those of the configuration's keys.
    Result<void> start(const config::Positions &positions);
    /// Does what signals and other threads ask for, until a signal says to stop. `signals` is a
    /// signalfd of SIGTERM, SIGINT and SIGHUP.
    void run(int signals);
    /// Tells partners and closes everything. False when a thread hangs in a driver and uses what
    /// would be taken down now: the process has to end without its destructors (_Exit).
    bool stop();

  private:
    Result<void> make_room();
    Result<void> open_kernel();
    Result<void> open_recording();
    Result<void> start_threads();
    aggregation::Hooks hooks();
    Result<void> serve();
    Result<void> bring_up(const config::Positions &positions);
    void put_back_left_over();
    Result<std::string> reload();
    api::Status status() const;

    const config::Config &config_;
    const std::string file_;
    const std::chrono::steady_clock::time_point started_at_ = std::chrono::steady_clock::now();
    std::string api_path_;
    std::string state_directory_;
    std::optional<Eal> eal_;
    std::unique_ptr<port::PacketPool> pool_;
    std::unique_ptr<kernel::Rtnetlink> netlink_;
    std::unique_ptr<kernel::CarrierWatch> carriers_; ///< until the protocol thread has it
    bool may_open_taps_ = false;
    std::unique_ptr<worker::Fleet> fleet_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<recording::Recorder> recorder_; ///< the protocol thread writes to it
    WorkQueue wishes_;                              ///< what other threads want of this one
    std::unique_ptr<aggregation::ProtocolThread> protocol_;
    std::optional<RealEdge> edge_;
    std::optional<RealProtocolSide> protocol_side_;
    std::optional<Supervisor> supervisor_; ///< there before anything of wishes_ is done
    LastReload last_reload_;
};

} // namespace lagg::daemon
