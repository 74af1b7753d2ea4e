#include "lagglab/sim/disturbance.hh"

#include <algorithm>

namespace lagg::sim {

using namespace lacp;

namespace {

/// A partner that is taken to be ready for everything.
constexpr State kOptimistic{false, false, true, true, true, true, false, false};

} // namespace

const std::array<Disturbance::Kind, 24> Disturbance::kKinds{{
    {"carrier down", &Disturbance::carrier_down},
    {"carrier up", &Disturbance::carrier_up},
    {"one direction is cut", &Disturbance::cut_one_way},
    {"both directions are cut", &Disturbance::silence},
    {"loss and duplicates", &Disturbance::lose},
    {"delay and reordering", &Disturbance::delay},
    {"the cable is well again", &Disturbance::clear_path},
    {"speed and duplex change", &Disturbance::change_link},
    {"a cable is moved", &Disturbance::move_cable},
    {"a port hears itself", &Disturbance::loop_port},
    {"two ports of one system meet", &Disturbance::loop_system},
    {"mirrored LACPDUs", &Disturbance::mirror},
    {"an LACPDU of nobody", &Disturbance::forge},
    {"garbage", &Disturbance::garbage},
    {"a port leaves", &Disturbance::leave},
    {"a port returns", &Disturbance::come_back},
    {"a port is removed", &Disturbance::remove},
    {"a port is added", &Disturbance::add},
    {"port parameters change", &Disturbance::change_port},
    {"system parameters change", &Disturbance::change_system},
    {"a daemon restarts", &Disturbance::restart},
    {"a clock jumps", &Disturbance::jump},
    {"a protocol thread stalls", &Disturbance::stall},
    {"a Marker is asked for", &Disturbance::ask_marker},
}};

Disturbance::Disturbance(World &world) : world_(world) {
    plain_parameters_ = world_.random.percent(25);
    while (all_odds_ == 0) {
        for (unsigned &odds : odds_) {
            odds = world_.random.percent(40) ? 0 : static_cast<unsigned>(world_.random.below(8));
            all_odds_ += odds;
        }
    }
}

void Disturbance::build() {
    Random &random = world_.random;
    const size_t nodes = random.percent(60) ? 2 : random.between(3, 4);
    for (size_t i = 0; i < nodes; ++i) {
        world_.add_node(some_system(i));
        world_.nodes[i].lateness = up_to(milliseconds(2));
        for (PortNumber port = 1; port <= 6; ++port)
            if (port <= 2 || random.percent(70)) world_.add_port({i, port}, some_port());
    }
    const uint64_t cables = random.between(1, 6);
    for (uint64_t i = 0; i < cables; ++i) {
        const std::optional<End> a = some_free_end();
        const std::optional<End> b = some_free_end();
        if (!a || !b || a->node == b->node) continue;
        world_.lay_cable(*a, *b);
        world_.run_until(world_.now + up_to(milliseconds(500)));
    }
    if (world_.cables.empty()) world_.lay_cable({0, 1}, {1, 1});
}

void Disturbance::disturb_once() {
    uint64_t drawn = world_.random.below(all_odds_);
    for (size_t i = 0; i < kKinds.size(); ++i) {
        if (drawn < odds_[i]) {
            world_.note(kKinds[i].name);
            return (this->*kKinds[i].act)();
        }
        drawn -= odds_[i];
    }
}

void Disturbance::heal() {
    world_.note("all faults stop");
    world_.drop_flights(); // some would arrive much later than all that follows
    for (size_t i = 0; i < world_.nodes.size(); ++i) {
        Node &node = world_.nodes[i];
        if (node.stalled_until) node.stalled_until = world_.now;
        if (node.starts_at) node.starts_at = world_.now;
    }
    world_.run_until(world_.now);
    for (size_t i = 0; i < world_.cables.size(); ++i) {
        Path healthy;
        healthy.delay = std::chrono::microseconds(world_.random.between(1, 5000));
        for (const size_t end : {0U, 1U})
            world_.set_path(i, end, healthy);
    }
    for (size_t i = 0; i < world_.nodes.size(); ++i) {
        for (PortNumber port = 1; port <= kPortsOfNode; ++port) {
            Port &p = world_.nodes[i].ports[port];
            if (p.cable && !p.present) world_.add_port({i, port}, p.parameters);
            if (p.present && p.leaving) {
                p.leaving = false;
                world_.step(i, PortReturning{port});
            }
        }
    }
    for (size_t i = 0; i < world_.cables.size(); ++i)
        world_.set_carrier(i, true);
}

// ---- draws

SystemParameters Disturbance::some_system(size_t node) {
    Random &random = world_.random;
    SystemParameters p;
    p.system = {32768, {0x02, 0, 0, 0, 0, static_cast<uint8_t>(node + 1)}};
    if (plain_parameters_) return p;
    if (random.percent(30)) p.system.priority = static_cast<uint16_t>(random.below(3));
    p.coupled_control = random.percent(40);
    p.aggregator_choice = static_cast<AggregatorChoice>(random.below(4));
    if (random.percent(40)) p.max_links = static_cast<uint16_t>(random.between(1, 3));
    p.revertive = random.percent(75);
    if (random.percent(25)) p.wait_to_restore = milliseconds(random.between(1, 8000));
    if (random.percent(25)) p.churn_detection_time = seconds(random.between(1, 60));
    if (random.percent(20)) p.fallback = static_cast<Fallback>(random.below(3));
    p.fallback_time = seconds(random.between(1, 10));
    p.collector_max_delay = static_cast<uint16_t>(random.below(2));
    return p;
}

PortParameters Disturbance::some_port() {
    Random &random = world_.random;
    PortParameters p;
    p.short_timeout = random.percent(50);
    if (plain_parameters_) return p;
    p.lacp_enabled = !random.percent(4);
    p.active = !random.percent(20);
    p.aggregatable = !random.percent(8);
    p.drained = random.percent(4);
    if (random.percent(30)) p.port_priority = static_cast<uint16_t>(random.below(3));
    p.key = random.percent(12) ? 2 : 1;
    if (random.percent(10)) p.partner_admin.state = kOptimistic;
    if (random.percent(3)) p.partner_admin.system = {1, {2, 2, 2, 2, 2, 2}};
    return p;
}

std::optional<End> Disturbance::some_end() {
    for (int tries = 0; tries < 20; ++tries) {
        const End end{some_node(), static_cast<PortNumber>(world_.random.between(1, kPortsOfNode))};
        if (world_.nodes[end.node].ports[end.port].present) return end;
    }
    return {};
}

std::optional<End> Disturbance::some_free_end() {
    for (int tries = 0; tries < 20; ++tries)
        if (const std::optional<End> end = some_end(); end && world_.is_free(*end)) return end;
    return {};
}

// ---- cables

void Disturbance::carrier_down() {
    world_.set_carrier(some_cable(), false);
}

void Disturbance::carrier_up() {
    world_.set_carrier(some_cable(), true);
}

void Disturbance::cut_one_way() {
    const size_t cable = some_cable();
    const size_t end = world_.random.below(2);
    Path path = world_.cables[cable].paths[end];
    path.cut = true;
    world_.set_path(cable, end, path);
}

void Disturbance::silence() {
    const size_t cable = some_cable();
    for (const size_t end : {0U, 1U}) {
        Path path = world_.cables[cable].paths[end];
        path.cut = true;
        world_.set_path(cable, end, path);
    }
}

void Disturbance::lose() {
    const size_t cable = some_cable();
    const size_t end = world_.random.below(2);
    Path path = world_.cables[cable].paths[end];
    path.loss_percent = static_cast<unsigned>(world_.random.below(90));
    path.duplicate_percent = static_cast<unsigned>(world_.random.below(90));
    world_.set_path(cable, end, path);
}

void Disturbance::delay() {
    const size_t cable = some_cable();
    const size_t end = world_.random.below(2);
    Path path = world_.cables[cable].paths[end];
    path.delay = world_.random.time(milliseconds(world_.random.percent(20) ? 3000 : 20));
    path.jitter = world_.random.time(milliseconds(world_.random.percent(20) ? 5000 : 50));
    world_.set_path(cable, end, path);
}

void Disturbance::clear_path() {
    const size_t cable = some_cable();
    for (const size_t end : {0U, 1U})
        world_.set_path(cable, end, Path{});
}

void Disturbance::change_link() {
    const size_t cable = some_cable();
    const bool carrier = world_.cables[cable].carrier;
    world_.set_carrier(cable, false);
    world_.cables[cable].speed_mbps = world_.random.percent(50) ? 1000 : 10000;
    world_.cables[cable].full_duplex = !world_.random.percent(15);
    world_.set_carrier(cable, carrier);
}

void Disturbance::move_cable() {
    const size_t cable = some_cable();
    const std::optional<End> to = some_free_end();
    const End stays = world_.cables[cable].ends[world_.random.below(2)];
    if (to) world_.move_cable(cable, stays, *to);
}

void Disturbance::loop_port() {
    const size_t cable = some_cable();
    const End end = world_.cables[cable].ends[world_.random.below(2)];
    world_.move_cable(cable, end, end);
}

void Disturbance::loop_system() {
    const size_t cable = some_cable();
    const std::optional<End> to = some_free_end();
    if (!to) return;
    for (const End end : world_.cables[cable].ends)
        if (end.node == to->node) return world_.move_cable(cable, end, *to);
}

// ---- frames

void Disturbance::mirror() {
    const std::optional<End> end = some_end();
    const uint64_t copies = world_.random.between(1, 4);
    for (uint64_t i = 0; end && i < copies && !world_.overheard.empty(); ++i) {
        const Frame frame = world_.overheard[world_.random.below(world_.overheard.size())];
        if (const auto cable = world_.nodes[end->node].ports[end->port].cable)
            world_.disturb(*cable);
        world_.receive(*end, frame);
    }
}

// An LACPDU that differs in one octet from a real one: another partner, or a partner that lies.
void Disturbance::forge() {
    const std::optional<End> end = some_end();
    if (!end || world_.overheard.empty()) return;
    Frame frame = world_.overheard[world_.random.below(world_.overheard.size())];
    frame[world_.random.between(12, 80)] = static_cast<uint8_t>(world_.random.below(256));
    if (const auto cable = world_.nodes[end->node].ports[end->port].cable) world_.disturb(*cable);
    world_.receive(*end, frame);
}

void Disturbance::garbage() {
    const std::optional<End> end = some_end();
    if (!end) return;
    std::vector<uint8_t> frame(world_.random.below(200));
    for (uint8_t &octet : frame)
        octet = static_cast<uint8_t>(world_.random.below(256));
    Frame head{};
    put_slow_header(head, {}, static_cast<uint8_t>(world_.random.below(12)));
    std::copy_n(head.begin(), std::min<size_t>(frame.size(), 16), frame.begin());
    world_.receive(*end, frame);
}

// ---- ports and systems

void Disturbance::leave() {
    const std::optional<End> end = some_end();
    if (!end) return;
    world_.nodes[end->node].ports[end->port].leaving = true;
    world_.step(end->node, PortLeaving{end->port});
}

void Disturbance::come_back() {
    const std::optional<End> end = some_end();
    if (!end) return;
    world_.nodes[end->node].ports[end->port].leaving = false;
    world_.step(end->node, PortReturning{end->port});
}

void Disturbance::remove() {
    const std::optional<End> end = some_end();
    if (!end) return;
    if (world_.random.percent(50)) world_.step(end->node, PortLeaving{end->port});
    world_.remove_port(*end);
}

void Disturbance::add() {
    const End end{some_node(), static_cast<PortNumber>(world_.random.between(1, kPortsOfNode))};
    if (!world_.nodes[end.node].ports[end.port].present) world_.add_port(end, some_port());
}

void Disturbance::change_port() {
    const std::optional<End> end = some_end();
    if (!end) return;
    Port &port = world_.nodes[end->node].ports[end->port];
    port.parameters = some_port();
    if (port.cable) world_.disturb(*port.cable);
    world_.step(end->node, PortParametersChanged{end->port, port.parameters});
}

void Disturbance::change_system() {
    const size_t node = some_node();
    world_.nodes[node].parameters = some_system(node);
    world_.step(node, SystemParametersChanged{world_.nodes[node].parameters});
}

void Disturbance::restart() {
    world_.restart(some_node(), up_to(milliseconds(world_.random.percent(30) ? 8000 : 50)));
}

void Disturbance::jump() {
    world_.jump_clock(some_node(), up_to(seconds(world_.random.percent(30) ? 200 : 4)));
}

void Disturbance::stall() {
    world_.stall(some_node(), up_to(milliseconds(world_.random.percent(30) ? 8000 : 500)));
}

void Disturbance::ask_marker() {
    const std::optional<End> end = some_end();
    if (!end) return;
    world_.step(end->node, MarkerRequested{end->port, static_cast<uint32_t>(world_.random.next())});
    // Once a second is what the limit of slow-protocol frames leaves room for.
    world_.run_until(world_.now + seconds(1));
}

} // namespace lagg::sim
