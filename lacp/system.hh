// One System with its Aggregation Ports and Aggregators: the whole core behind one step function.
//
// Pure and deterministic: the same sequence of (time, event) gives the same actions. One thread at
// a time; no clock, no I/O, no allocation after construction.
#pragma once

#include "lacp/events.hh"
#include "lacp/port_counters.hh"
#include "lacp/types.hh"

#include <memory>
#include <optional>
#include <vector>

namespace lagg::lacp {

/// One port as an observer sees it.
struct PortSnapshot {
    PortNumber number = 0;
    MacAddress address{};
    PortParameters parameters;
    bool link_up = false;
    bool leaving = false;
    RxState rx = RxState::INITIALIZE;
    PeriodicState periodic = PeriodicState::NO_PERIODIC;
    MuxState mux = MuxState::DETACHED;
    Selected selected = Selected::UNSELECTED;
    ChurnState actor_churn = ChurnState::MONITOR;
    ChurnState partner_churn = ChurnState::MONITOR;
    uint32_t actor_churn_count = 0;
    uint32_t partner_churn_count = 0;
    PortInformation actor;           ///< oper values, as the next LACPDU would carry them
    PortInformation partner;         ///< oper values
    uint16_t aggregator = 0;         ///< number of the selected Aggregator, 0 for none
    bool waiting_to_restore = false; ///< came back, and is not trusted yet
    bool loopback = false;           ///< the last LACPDU received was our own System's
    bool collecting = false;         ///< as last told by PortMembership
    bool distributing = false;
    PortCounters counters;
    std::optional<Time> last_lacpdu_rx;
    std::optional<Time> last_lacpdu_tx;
    Time last_change; ///< of the mux state
    const char *last_change_reason = "";
};

struct SystemSnapshot {
    SystemParameters parameters;
    uint16_t active_aggregator = 0; ///< 0 for none
    bool fallback_active = false; ///< no partner speaks, and SystemParameters::fallback is in force
    std::vector<PortSnapshot> ports; ///< by port number
};

class System {
  public:
    System(const SystemParameters &parameters, Time now);
    ~System();
    System(System &&) noexcept;
    System &operator=(System &&) noexcept;

    /// Takes one event at `now` (never before the previous one), runs every machine until nothing
    /// moves, and hands the actions to `sink` in order. Timers that are due at `now` fire too.
    void step(Time now, const Event &event, ActionSink &sink);

    /// When step(TimePassed) must be called at the latest; nothing while no timer runs.
    std::optional<Time> next_deadline() const;

    /// Allocates; for observers.
    SystemSnapshot snapshot() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace lagg::lacp
