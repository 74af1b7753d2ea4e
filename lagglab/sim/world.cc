#include "lagglab/sim/world.hh"

#include "lacp/text.hh"
#include "lacp/transcript.hh"

#include <algorithm>
#include <cassert>
#include <cstdio>
#include <ostream>

namespace lagg::sim {

using namespace lacp;

namespace {

/// Frames a stalled protocol thread finds waiting; more are lost, as in a ring that is full.
constexpr size_t kMostPending = 256;
constexpr size_t kMostOverheard = 8;

MacAddress address_of(End end) {
    return {0x02, 0, 0, static_cast<uint8_t>(end.node), 0x10, static_cast<uint8_t>(end.port)};
}

std::string time_text(Time time) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(time.since_start).count();
    char text[32];
    std::snprintf(text, sizeof text, "%4lld.%06lld ", static_cast<long long>(us / 1000000),
                  static_cast<long long>(us % 1000000));
    return text;
}

char name_of(size_t node) {
    return static_cast<char>('A' + node);
}

} // namespace

World::World(uint64_t seed, std::ostream *trace) : random(seed), trace_(trace) {}

// ---- building

size_t World::add_node(const SystemParameters &parameters) {
    Node &node = nodes.emplace_back();
    node.parameters = parameters;
    node.watch.emplace(parameters, now);
    if (trace_ != nullptr) {
        note(std::string("system ") + name_of(nodes.size() - 1) + ": " +
             to_text(Event{SystemParametersChanged{parameters}}));
    }
    return nodes.size() - 1;
}

void World::add_port(End end, const PortParameters &parameters) {
    Port &port = nodes[end.node].ports[end.port];
    assert(!port.present);
    port.present = true;
    port.leaving = false;
    port.link_up = false;
    port.parameters = parameters;
    step(end.node, PortAdded{end.port, address_of(end), parameters});
    tell_link(end);
}

void World::lay_cable(End a, End b) {
    cables.emplace_back();
    cables.back().ends = {};
    move_cable(cables.size() - 1, a, b);
}

// ---- what can happen

void World::step(size_t index, const Event &event) {
    Node &node = nodes[index];
    if (!node.watch || is_broken()) return;
    if (!node.stalled_until) return take(index, event);
    const auto *received = std::get_if<SlowFrameReceived>(&event);
    if (received == nullptr) {
        node.pending.push_back({event, {}});
    } else if (node.pending.size() < kMostPending && received->frame.size() == kFrameLength) {
        Node::Pending &pending = node.pending.emplace_back(Node::Pending{event, {}});
        std::copy(received->frame.begin(), received->frame.end(), pending.frame.begin());
    }
}

void World::remove_port(End end) {
    Port &port = nodes[end.node].ports[end.port];
    assert(port.present);
    port.present = false;
    port.link_up = false;
    step(end.node, PortRemoved{end.port});
    if (port.cable) {
        disturb(*port.cable);
        update_blackholes(*port.cable);
    }
}

void World::set_carrier(size_t cable, bool carrier) {
    cables[cable].carrier = carrier;
    disturb(cable);
    for (const End end : cables[cable].ends)
        tell_link(end);
    update_blackholes(cable);
}

void World::set_path(size_t cable, size_t from_end, const Path &path) {
    disturb(cable);
    cables[cable].paths[from_end] = path;
}

void World::move_cable(size_t cable, End a, End b) {
    Cable &moved = cables[cable];
    set_carrier(cable, false);
    for (const End end : moved.ends)
        nodes[end.node].ports[end.port].cable.reset();
    moved.ends = {a, b};
    for (const End end : moved.ends) {
        assert(is_free(end));
        // Both ends of a cable that returns to its own port are the same end.
        if (a == b) break;
        nodes[end.node].ports[end.port].cable = cable;
    }
    nodes[a.node].ports[a.port].cable = cable;
    set_carrier(cable, true);
}

void World::stall(size_t node, Duration duration) {
    const Time until = now + duration;
    std::optional<Time> &stalled = nodes[node].stalled_until;
    if (!stalled || *stalled < until) stalled = until;
    disturb_node(node, until);
}

void World::disturb_node(size_t node, Time until) {
    for (const Port &port : nodes[node].ports)
        if (port.cable) disturb(*port.cable, until);
}

void World::restart(size_t index, Duration pause) {
    Node &node = nodes[index];
    node.watch.reset();
    node.pending.clear();
    node.stalled_until.reset();
    node.deadline.reset();
    node.starts_at = now + pause;
    disturb_node(index, now + pause);
    for (const Port &port : node.ports)
        if (port.cable) update_blackholes(*port.cable);
}

void World::start(size_t index) {
    Node &node = nodes[index];
    node.starts_at.reset();
    node.watch.emplace(node.parameters, local(node));
    for (PortNumber number = 1; number <= kPortsOfNode; ++number) {
        Port &port = node.ports[number];
        if (!port.present) continue;
        port.present = false;
        add_port({index, number}, port.parameters);
    }
}

void World::jump_clock(size_t node, Duration ahead) {
    nodes[node].clock_offset += ahead;
    disturb_node(node, now);
    if (nodes[node].deadline) *nodes[node].deadline = std::max(now, *nodes[node].deadline + -ahead);
}

void World::receive(End end, std::span<const uint8_t> frame) {
    step(end.node, SlowFrameReceived{end.port, frame});
}

// ---- the inside of a step

void World::resume(size_t index) {
    Node &node = nodes[index];
    node.stalled_until.reset();
    std::deque<Node::Pending> pending;
    std::swap(pending, node.pending);
    for (Node::Pending &p : pending) {
        if (auto *received = std::get_if<SlowFrameReceived>(&p.event)) received->frame = p.frame;
        step(index, p.event);
    }
    if (node.watch && !is_broken()) take(index, TimePassed{});
}

void World::take(size_t index, const Event &event) {
    Node &node = nodes[index];
    trace(index, trace_ != nullptr ? to_text(event) : "", true);
    const bool holds = node.watch->step(local(node), event);
    ++statistics.steps;
    // The Watch's actions stay valid until its next step, which nothing below makes.
    for (const Action &action : node.watch->actions())
        act(index, action);
    node.deadline = node.watch->next_deadline();
    if (node.deadline) *node.deadline = *node.deadline + (node.lateness - node.clock_offset);
    if (!holds) fail(std::string("system ") + name_of(index) + ": " + node.watch->violation());
}

void World::act(size_t node, const Action &action) {
    trace(node, trace_ != nullptr ? to_text(action) : "", false);
    if (const auto *send = std::get_if<SendFrame>(&action)) {
        this->send({node, send->port}, send->frame);
    } else if (const auto *membership = std::get_if<PortMembership>(&action)) {
        mix(node * 1000 + membership->port * 4U + membership->collecting * 2U +
            membership->distributing);
        last_change = now;
        const Port &port = nodes[node].ports[membership->port];
        if (port.cable) update_blackholes(*port.cable);
    } else if (const auto *change = std::get_if<StateChanged>(&action)) {
        using Machine = StateChanged::Machine;
        const bool is_churn =
            change->machine == Machine::ACTOR_CHURN || change->machine == Machine::PARTNER_CHURN;
        if (!is_churn) last_change = now;
    }
}

void World::send(End from, const Frame &frame) {
    ++statistics.frames;
    mix(static_cast<uint64_t>(now.since_start.count()));
    for (const size_t place : {32U, 52U, 33U})
        mix(frame[place]);
    overheard.push_back(frame);
    if (overheard.size() > kMostOverheard) overheard.pop_front();
    const Port &port = nodes[from.node].ports[from.port];
    if (!port.cable) return;
    const Cable &cable = cables[*port.cable];
    const Path &path = cable.paths[cable.ends[0] == from ? 0 : 1];
    if (!cable.carrier || path.cut || random.percent(path.loss_percent)) return;
    const int copies = random.percent(path.duplicate_percent) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
        const Time arrival =
            now + path.delay +
            random.time(std::chrono::duration_cast<std::chrono::microseconds>(path.jitter));
        flights_.push_back({arrival, sequence_++, far_end(cable, from), frame});
        std::push_heap(flights_.begin(), flights_.end());
    }
}

void World::tell_link(End end) {
    Port &port = nodes[end.node].ports[end.port];
    if (!port.present) return;
    const bool up = port.cable && cables[*port.cable].carrier;
    if (up == port.link_up) return;
    port.link_up = up;
    const bool duplex = !port.cable || cables[*port.cable].full_duplex;
    const uint32_t speed = port.cable ? cables[*port.cable].speed_mbps : 0;
    step(end.node, LinkChanged{end.port, up, duplex, speed});
}

// ---- time

std::optional<Time> World::next_time() const {
    std::optional<Time> next;
    const auto consider = [&next](const std::optional<Time> &time) {
        if (time && (!next || *time < *next)) next = time;
    };
    if (!flights_.empty()) next = flights_.front().arrival;
    for (const Node &node : nodes) {
        consider(node.starts_at);
        consider(node.stalled_until);
        if (!node.stalled_until) consider(node.deadline);
    }
    return next;
}

void World::run_until(Time end) {
    while (!is_broken()) {
        const std::optional<Time> next = next_time();
        if (!next || end < *next) break;
        now = std::max(now, *next);
        run_due();
    }
    now = std::max(now, end);
}

void World::run_due() {
    if (!flights_.empty() && flights_.front().arrival <= now) {
        std::pop_heap(flights_.begin(), flights_.end());
        const Flight flight = flights_.back();
        flights_.pop_back();
        return step(flight.to.node, SlowFrameReceived{flight.to.port, flight.frame});
    }
    for (size_t i = 0; i < nodes.size(); ++i) {
        const Node &node = nodes[i];
        if (node.starts_at && *node.starts_at <= now) return start(i);
        if (node.stalled_until && *node.stalled_until <= now) return resume(i);
        if (!node.stalled_until && node.deadline && *node.deadline <= now)
            return take(i, TimePassed{});
    }
}

// ---- looking

const PortSnapshot *World::snapshot(End end) const {
    const Node &node = nodes[end.node];
    return node.watch ? node.watch->port(end.port) : nullptr;
}

End World::far_end(const Cable &cable, End end) const {
    return cable.ends[0] == end ? cable.ends[1] : cable.ends[0];
}

bool World::is_free(End end) const {
    return !nodes[end.node].ports[end.port].cable;
}

// Data that an end distributes and the other does not collect is lost without a trace.
void World::update_blackholes(size_t index) {
    Cable &cable = cables[index];
    for (size_t i = 0; i < 2; ++i) {
        Cable::Blackhole &hole = cable.blackholes[i];
        const PortSnapshot *from = snapshot(cable.ends[i]);
        const PortSnapshot *to = snapshot(cable.ends[1 - i]);
        const bool loses = cable.carrier && from != nullptr && from->distributing &&
                           (to == nullptr || !to->collecting);
        if (loses == hole.since.has_value()) continue;
        if (loses) {
            hole.since = now;
            hole.negotiated = from->rx == RxState::CURRENT;
            continue;
        }
        const Duration length = now - *hole.since;
        const bool clean = hole.negotiated && cable.disturbed < *hole.since &&
                           cable.paths[0].is_clean() && cable.paths[1].is_clean();
        hole.since.reset();
        statistics.longest_blackhole = std::max(statistics.longest_blackhole, length);
        if (clean)
            statistics.longest_clean_blackhole =
                std::max(statistics.longest_clean_blackhole, length);
    }
}

void World::trace(size_t node, const std::string &text, bool is_event) {
    if (trace_ == nullptr) return;
    *trace_ << time_text(now) << name_of(node) << (is_event ? " * " : "   ") << text << '\n';
}

void World::note(const std::string &text) {
    if (trace_ != nullptr) *trace_ << time_text(now) << "# " << text << '\n';
}

void World::fail(const std::string &what) {
    violation = "at" + time_text(now) + what;
    if (trace_ == nullptr) return;
    note(what);
    trace_states();
}

void World::trace_states() {
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (!nodes[i].watch) continue;
        note(std::string("system ") + name_of(i) + ", active aggregator " +
             std::to_string(nodes[i].watch->snapshot().active_aggregator));
        for (const PortSnapshot &p : nodes[i].watch->snapshot().ports) {
            const std::optional<size_t> cable = nodes[i].ports[p.number].cable;
            if (!cable) continue;
            const End far = far_end(cables[*cable], {i, p.number});
            note(std::string("  ") + name_of(i) + std::to_string(p.number) + " to " +
                 name_of(far.node) + std::to_string(far.port) + ": " + to_text(p.rx) + ' ' +
                 to_text(p.selected) + ' ' + to_text(p.mux) + ", aggregator " +
                 std::to_string(p.aggregator) + ", " + flags_text(p.actor.state) + ", partner " +
                 flags_text(p.partner.state) + "; " +
                 to_text(Event{PortParametersChanged{p.number, p.parameters}}));
        }
    }
}

} // namespace lagg::sim
