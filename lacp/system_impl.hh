// The inside of System: the events change variables (system.cc), then every machine runs until
// nothing moves (settle.cc). Nobody else includes this.
#pragma once

#include "lacp/aggregation_port.hh"
#include "lacp/selection_logic.hh"
#include "lacp/system.hh"

namespace lagg::lacp {

struct System::Impl {
    SystemParameters parameters;
    Ports ports;
    uint16_t active = 0;
    bool fallback_active = false;
    Timer fallback_timer;
    Time now;
    ActionSink *sink = nullptr; ///< during step() only

    /// What the sink was last told of the port in the same place.
    struct Told {
        Selected selected = Selected::UNSELECTED;
        bool collecting = false;
        bool distributing = false;
    };
    std::array<Told, kMaxPorts> told;

    Impl(const SystemParameters &initial, Time start) : parameters(initial), now(start) {}

    // Events: each changes variables only.
    void handle(const PortAdded &event);
    void handle(const PortRemoved &event);
    void handle(const PortLeaving &event);
    void handle(const PortReturning &event);
    void handle(const PortParametersChanged &event);
    void handle(const SystemParametersChanged &event);
    void handle(const LinkChanged &event);
    void handle(const SlowFrameReceived &event);
    void handle(const MarkerRequested &event);
    void handle(const TimePassed &) {}
    void change_parameters(std::span<const PortParametersChanged> changes);
    void receive_lacpdu(AggregationPort &port, std::span<const uint8_t> frame);
    void receive_marker(AggregationPort &port, std::span<const uint8_t> frame);

    // Machines: each returns whether anything moved.
    void settle();
    bool run_machines();
    bool run_receive(AggregationPort &port);
    bool mark_moved_ports();
    bool run_fallback();
    bool set_fallback(bool active_now, const char *reason);
    bool run_periodic(AggregationPort &port);
    bool run_selection();
    bool run_mux(AggregationPort &port);
    bool run_churn(AggregationPort &port, Churn &churn, StateChanged::Machine machine);
    void transmit();
    void farewell(AggregationPort &port);
    void fall_silent(AggregationPort &port);

    // Telling the sink.
    void report_membership(const AggregationPort &port);
    void report_selected(const AggregationPort &port);

    /// Somebody is spoken to there.
    static bool is_heard(const AggregationPort &port) {
        return port.periodic != PeriodicState::NO_PERIODIC;
    }
    /// Nothing for a port nobody added, or that is gone already.
    AggregationPort *find(PortNumber number);
    Told &told_of(const AggregationPort &port);
    /// Copies parameters to the Actor's oper values, and starts over where they identify it.
    void refresh_actor(AggregationPort &port);
    /// What is in force in place of the configured Partner_Admin values.
    PortInformation partner_admin(const PortParameters &port) const;
    /// Brings the Partner_Admin values in force up to date, and what is lived on them.
    void refresh_partner_admin(AggregationPort &port);
    std::optional<Time> next_deadline() const;
    PortSnapshot snapshot(const AggregationPort &port) const;
};

} // namespace lagg::lacp
