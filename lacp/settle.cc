// The settle loop: one pass gives every machine of every port at most one arrow, and passes go on
// until no arrow is open. LACPDUs leave after that, so they carry the settled state.
#include "lacp/aggregator.hh"
#include "lacp/churn_machine.hh"
#include "lacp/mux_machine.hh"
#include "lacp/periodic_machine.hh"
#include "lacp/receive_machine.hh"
#include "lacp/system_impl.hh"
#include "lacp/text.hh"
#include "lacp/transmit_machine.hh"
#include "lacp/watch.hh"

#include <algorithm>
#include <cassert>
#include <utility>

namespace lagg::lacp {

namespace {

/// Far more passes than any chain of arrows is long: beyond it two machines chase each other.
constexpr int kMaxPasses = 1000;

bool has_same_partner(const AggregationPort &a, const AggregationPort &b) {
    return a.partner.system == b.partner.system && a.partner.port == b.partner.port &&
           a.partner.key == b.partner.key;
}

} // namespace

void System::Impl::settle() {
    int passes = 0;
    while (run_machines()) {
        ++passes;
        assert(passes < kMaxPasses);
    }
    transmit();
}

bool System::Impl::run_machines() {
    bool moved = false;
    for (AggregationPort &port : ports) {
        if (port.is_used()) moved |= run_receive(port);
        port.received.reset(); // what the receive machine does not want, nobody wants
    }
    moved |= mark_moved_ports();
    for (AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        moved |= run_periodic(port);
        moved |= mux_machine::run_wait_while(port, now);
        moved |= watch_partner(port, now);
        moved |= watch_offer(port, now);
        moved |= watch_failure(port, parameters.wait_to_restore, now);
    }
    moved |= run_fallback();
    moved |= run_selection();
    for (AggregationPort &port : ports) {
        if (port.is_used()) moved |= run_mux(port);
    }
    for (AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        moved |= run_churn(port, port.actor_churn, StateChanged::Machine::ACTOR_CHURN);
        moved |= run_churn(port, port.partner_churn, StateChanged::Machine::PARTNER_CHURN);
    }
    return moved;
}

bool System::Impl::run_receive(AggregationPort &port) {
    const Next<RxState> arrow = receive_machine::next(port, now);
    if (!arrow) return false;
    const RxState from = port.rx;
    receive_machine::enter(port, arrow->to, now);
    if (port.rx != from) {
        sink->on_action(StateChanged{port.number, StateChanged::Machine::RX, to_text(from),
                                     to_text(port.rx), arrow->reason});
    }
    report_selected(port);
    return true;
}

// port_moved (6.4.8): the partner's port is heard on another port of ours, so what a port without
// link remembers of it is stale.
bool System::Impl::mark_moved_ports() {
    bool moved = false;
    for (AggregationPort &old : ports) {
        if (!old.is_used() || old.port_enabled || old.port_moved) continue;
        if (old.actor.state.defaulted) continue;
        old.port_moved = std::any_of(ports.begin(), ports.end(), [&](const AggregationPort &port) {
            return port.is_used() && port.rx == RxState::CURRENT && has_same_partner(port, old);
        });
        moved |= old.port_moved;
    }
    return moved;
}

bool System::Impl::run_periodic(AggregationPort &port) {
    const Next<PeriodicState> arrow = periodic_machine::next(port, now);
    if (arrow) periodic_machine::enter(port, arrow->to, now);
    return arrow.has_value();
}

// Silence counts while at least one port could hear a partner and none does.
bool System::Impl::run_fallback() {
    bool listens = false;
    bool heard = false;
    for (const AggregationPort &port : ports) {
        if (!port.is_used() || !port.port_enabled || !port.parameters.lacp_enabled) continue;
        listens = true;
        heard = heard || !port.actor.state.defaulted;
    }
    if (parameters.fallback == Fallback::NONE || !listens || heard) {
        fallback_timer.stop();
        return set_fallback(false, heard ? "a partner speaks" : "not wanted");
    }
    if (fallback_active) return false;
    if (!fallback_timer.is_running()) fallback_timer.start(now, parameters.fallback_time);
    if (!fallback_timer.is_expired(now)) return false;
    fallback_timer.stop();
    return set_fallback(true, "no partner speaks");
}

bool System::Impl::set_fallback(bool active_now, const char *reason) {
    if (fallback_active == active_now) return false;
    fallback_active = active_now;
    sink->on_action(StateChanged{0, StateChanged::Machine::FALLBACK, active_now ? "off" : "on",
                                 active_now ? "on" : "off", reason});
    for (AggregationPort &port : ports)
        if (port.is_used()) refresh_partner_admin(port);
    return true;
}

bool System::Impl::run_selection() {
    const Selection selection = select(parameters, ports, active);
    bool moved = false;
    if (selection.active != active) {
        const uint16_t from = std::exchange(active, selection.active);
        sink->on_action(StateChanged{0, StateChanged::Machine::AGGREGATOR, aggregator_name(from),
                                     aggregator_name(active),
                                     active == 0 ? "no port is selected" : "best offer"});
        moved = true;
    }
    for (size_t i = 0; i < ports.size(); ++i) {
        AggregationPort &port = ports[i];
        if (!port.is_used()) continue;
        const Assignment &assignment = selection.ports[i];
        moved |= port.selected != assignment.selected || port.aggregator != assignment.aggregator;
        port.aggregator = assignment.aggregator;
        port.select(assignment.selected, assignment.reason);
        // Chosen all the same, because nothing better works: the wait is over.
        if (assignment.selected == Selected::SELECTED && port.is_working())
            moved |= std::exchange(port.failed, false);
        report_selected(port);
        report_membership(port);
    }
    return moved;
}

bool System::Impl::run_mux(AggregationPort &port) {
    using mux_machine::Control;
    const Control control = parameters.coupled_control ? Control::COUPLED : Control::INDEPENDENT;
    const Next<MuxState> arrow = mux_machine::next(port, control, is_ready(ports, port.aggregator));
    if (!arrow) return false;
    const MuxState from = port.mux;
    mux_machine::enter(port, arrow->to, now);
    port.last_change = now;
    port.last_change_reason = arrow->reason;
    report_membership(port);
    sink->on_action(StateChanged{port.number, StateChanged::Machine::MUX, to_text(from),
                                 to_text(port.mux), arrow->reason});
    return true;
}

bool System::Impl::run_churn(AggregationPort &port, Churn &churn, StateChanged::Machine machine) {
    const bool is_actor = machine == StateChanged::Machine::ACTOR_CHURN;
    churn_machine::Inputs inputs =
        is_actor ? churn_machine::actor_inputs(port) : churn_machine::partner_inputs(port);
    inputs.detection_time = parameters.churn_detection_time;
    const Next<ChurnState> arrow = churn_machine::next(churn, inputs, now);
    if (!arrow) return false;
    const ChurnState from = churn.state;
    churn_machine::enter(churn, arrow->to, inputs, now);
    if (churn.state != from) {
        sink->on_action(
            StateChanged{port.number, machine, to_text(from), to_text(churn.state), arrow->reason});
    }
    return true;
}

void System::Impl::transmit() {
    for (AggregationPort &port : ports) {
        if (!port.is_used()) continue;
        transmit_machine::drop_ntt_if_silent(port);
        if (!transmit_machine::should_send(port, now)) continue;
        sink->on_action(SendFrame{
            port.number, transmit_machine::send(port, parameters.collector_max_delay, now)});
    }
}

// The last word of a port that falls silent. The limit does not hold it back where the partner may
// send to us, since nothing follows it that would tell; and a port takes 2 s to be in sync again.
void System::Impl::farewell(AggregationPort &port) {
    assert(!is_heard(port));
    assert(!port.actor.state.synchronization);
    if (!port.told_sync && !port.lacpdu_limit.allows(now)) return;
    sink->on_action(
        SendFrame{port.number, transmit_machine::send(port, parameters.collector_max_delay, now)});
}

void System::Impl::report_membership(const AggregationPort &port) {
    const bool in_use = port.aggregator == active && port.selected == Selected::SELECTED;
    const bool collecting = in_use && port.actor.state.collecting;
    const bool distributing = in_use && port.actor.state.distributing;
    Told &told_port = told_of(port);
    if (told_port.collecting == collecting && told_port.distributing == distributing) return;
    told_port.collecting = collecting;
    told_port.distributing = distributing;
    sink->on_action(PortMembership{port.number, collecting, distributing});
}

void System::Impl::report_selected(const AggregationPort &port) {
    Told &told_port = told_of(port);
    if (told_port.selected == port.selected) return;
    sink->on_action(StateChanged{port.number, StateChanged::Machine::SELECTION,
                                 to_text(told_port.selected), to_text(port.selected),
                                 port.selected_reason});
    told_port.selected = port.selected;
}

} // namespace lagg::lacp
