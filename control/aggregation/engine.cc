#include "control/aggregation/engine.hh"

#include "control/aggregation/describe.hh"
#include "lacp/marker.hh"
#include "lacp/slow_protocol.hh"

#include <spdlog/spdlog.h>

#include <net/if.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cassert>
#include <set>

namespace lagg::aggregation {

namespace {

/// How often workers are asked whether they have let go of something, or delivered what came before
/// a Marker; nothing tells when they have.
constexpr lacp::Duration kGracePeriod = std::chrono::milliseconds(1);
/// The same while flows are held back on their way to another port.
constexpr lacp::Duration kMovePeriod = std::chrono::microseconds(100);
/// Markers of one port that wait for their turn, more than it may answer in a second. A flood takes
/// no answer from other ports.
constexpr std::ptrdiff_t kMostMarkersOfPort = 16;
constexpr lacp::Duration kPollPeriod = std::chrono::milliseconds(10);
/// Without anything to do the thread still goes round, for states that can be freed.
constexpr lacp::Duration kIdlePeriod = std::chrono::milliseconds(100);
constexpr lacp::Duration kAlivePeriod = std::chrono::seconds(1);

constexpr const char *kAsked = "the driver was asked";

/// Devices that this process made itself, and those of tests: their driver answers at once.
bool is_unwatched(const Member &member) {
    return member.port && member.port->link_source == port::LinkSource::DRIVER &&
           member.port->watch == nullptr && !member.paused;
}

bool exists(unsigned interface_index) {
    std::array<char, IF_NAMESIZE> name{};
    return if_indextoname(interface_index, name.data()) != nullptr;
}

} // namespace

Engine::Engine(worker::Fleet &fleet, Hooks hooks) : fleet_(fleet), hooks_(std::move(hooks)) {}

Aggregate *Engine::find_aggregate(const std::string &lagg) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        if (aggregate->config().name == lagg) return aggregate.get();
    return nullptr;
}

void Engine::put(std::span<const WantedLagg> laggs, lacp::Time now) {
    for (const WantedLagg &wanted : laggs) {
        if (find_aggregate(wanted.config.name) == nullptr)
            laggs_.push_back(
                std::make_unique<Aggregate>(wanted.config, wanted.identity, now, hooks_.recorder));
        become(*find_aggregate(wanted.config.name), wanted, now);
    }
    flush(now);
}

void Engine::become(Aggregate &aggregate, const WantedLagg &wanted, lacp::Time now) {
    bool cut_off = false;
    for (const WantedPort &port : wanted.ports)
        if (!port.attached) cut_off = forget_frames_of(aggregate, port.name) || cut_off;
    const Aggregate::Became became = aggregate.become(
        wanted, [this](worker::EndpointId device) { return fleet_.totals(device); }, now);
    // A new upper device has to hear of the carrier whatever the old one was told.
    if (became.has_other_upper) forget_carrier(wanted.config.name);
    for (const std::string &port : became.attached)
        look_at_link(aggregate, port, now);
    if (cut_off) aggregate.announce_again(now);
}

void Engine::look_at_link(Aggregate &aggregate, const std::string &name, lacp::Time now) {
    const AttachedPort &port = *aggregate.member_named(name)->port;
    if (port.link_source == port::LinkSource::RTNETLINK) {
        const auto known =
            std::ranges::find(interfaces_, port.interface_index, &kernel::Carrier::index);
        // One that went away between its opening and now is not told of again.
        if (known != interfaces_.end())
            take_carrier(kernel::Carrier(*known), now);
        else if (!exists(port.interface_index))
            hooks_.gone(port.name, "is gone");
    } else if (port.watch != nullptr) {
        read_watches(aggregate, now);
    } else {
        aggregate.link_changed(port.device, port::read_link(port.device), kAsked, now);
    }
}

WantedLagg Engine::in_force(const std::string &lagg) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    assert(aggregate != nullptr);
    return aggregate->in_force();
}

void Engine::remove_lagg(const std::string &name, lacp::Time now) {
    removed_ = std::erase_if(laggs_, [&](const auto &aggregate) {
                   return aggregate->config().name == name;
               }) != 0;
    forget_carrier(name);
    std::erase_if(announcements_, [&](const auto &waiting) { return waiting.lagg == name; });
    flush(now);
}

void Engine::tell_carrier(const std::string &lagg, lacp::Time now) {
    forget_carrier(lagg);
    flush(now);
}

void Engine::detach(const std::string &lagg, const std::string &port, lacp::Time now) {
    if (Aggregate *aggregate = find_aggregate(lagg)) {
        const bool cut_off = forget_frames_of(*aggregate, port);
        aggregate->detach(port, now);
        if (cut_off) aggregate->announce_again(now);
    }
    flush(now);
}

// Another port may get its number. True when announcements were among them.
bool Engine::forget_frames_of(const Aggregate &aggregate, const std::string &port) {
    const Member *member = aggregate.member_named(port);
    if (member == nullptr || !member->port) return false;
    const auto is_of_it = [device = member->port->device](const auto &waiting) {
        return waiting.device == device;
    };
    std::erase_if(markers_, is_of_it);
    return std::erase_if(announcements_, is_of_it) != 0;
}

void Engine::forget_carrier(const std::string &lagg) {
    std::erase_if(carriers_, [&](const auto &carrier) { return carrier.first == lagg; });
}

void Engine::leave(const std::string &lagg, const std::string &port, lacp::Time now) {
    if (Aggregate *aggregate = find_aggregate(lagg)) {
        if (port.empty())
            aggregate->leave_all(now);
        else
            aggregate->leave(port, now);
    }
    flush(now);
}

void Engine::come_back(const std::string &lagg, const std::string &port, lacp::Time now) {
    if (Aggregate *aggregate = find_aggregate(lagg)) aggregate->come_back(port, now);
    flush(now);
}

void Engine::run(lacp::Time now) {
    fleet_.receive_slow([&](port::DeviceId device, std::span<const uint8_t> frame) {
        take_slow_frame(device, frame, now);
    });
    answer_markers(now);
    if (now >= next_poll_) {
        poll_unwatched(now);
        next_poll_ = now + kPollPeriod;
    }
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        const std::optional<lacp::Time> deadline = aggregate->next_deadline();
        if (deadline && *deadline <= now) aggregate->time_passed(now);
    }
    if (held_until_ && fleet_.passed(*held_until_)) publish();
    go_on_with_moves(now);
    read_loads(now);
    flush(now);
    fleet_.reclaim();
    if (now >= next_alive_) {
        hooks_.alive();
        next_alive_ = now + kAlivePeriod;
    }
}

void Engine::take_slow_frame(port::DeviceId device, std::span<const uint8_t> frame,
                             lacp::Time now) {
    const bool is_marker = lacp::classify(frame) == lacp::SlowProtocol::MARKER;
    const auto marker = is_marker ? lacp::decode_marker(frame) : std::nullopt;
    if (marker && !marker->response) {
        // Beyond the limit no answer at all: one that is early would be a lie.
        if (std::ranges::count(markers_, device, &WaitingMarker::device) < kMostMarkersOfPort)
            markers_.push_back({device, {frame.begin(), frame.end()}, fleet_.start_flush(device)});
        return;
    }
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        aggregate->slow_frame(device, frame, now);
}

void Engine::answer_markers(lacp::Time now) {
    while (!markers_.empty() && fleet_.flushed(markers_.front().token)) {
        const WaitingMarker marker = std::move(markers_.front());
        markers_.pop_front();
        for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
            aggregate->slow_frame(marker.device, marker.frame, now);
    }
}

void Engine::go_on_with_moves(lacp::Time now) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        const uint8_t slot = aggregate->identity().slot;
        const auto hold = holds_.find(slot);
        if (hold == holds_.end() || !fleet_.passed(hold->second)) continue;
        holds_.erase(hold);
        if (aggregate->flow_move().wants_grace()) aggregate->holds_in_force(shares_.at(slot), now);
    }
}

void Engine::read_loads(lacp::Time now) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        if (aggregate->wants_loads(now))
            aggregate->note_loads(fleet_.bucket_octets(aggregate->identity().slot), now);
}

lacp::Time Engine::next_deadline(lacp::Time now) const {
    const bool waits_for_workers = held_until_ || !markers_.empty() || !announcements_.empty();
    lacp::Time next = now + (waits_for_workers ? kGracePeriod
                             : has_unwatched() ? kPollPeriod
                                               : kIdlePeriod);
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        if (aggregate->flow_move().is_holding()) next = std::min(next, now + kMovePeriod);
        if (const std::optional<lacp::Time> deadline = aggregate->next_deadline())
            next = std::min(next, *deadline);
    }
    return next;
}

void Engine::carrier_reported(kernel::Carrier carrier, lacp::Time now) {
    take_carrier(carrier, now);
    flush(now);
}

void Engine::take_carrier(const kernel::Carrier &carrier, lacp::Time now) {
    std::erase_if(interfaces_,
                  [&](const kernel::Carrier &known) { return known.index == carrier.index; });
    if (carrier.present) interfaces_.push_back(carrier);
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        const upper::Upper &upper = aggregate->upper();
        if (upper.interface_index == carrier.index)
            hooks_.interface_changed(aggregate->config().name);
        if (upper.device.interface_index == carrier.index && !carrier.present)
            hooks_.gone(upper.device.port, "is gone");
        for (const Member &member : aggregate->members()) {
            if (!member.port || member.port->interface_index != carrier.index) continue;
            if (member.port->link_source != port::LinkSource::RTNETLINK) continue;
            if (carrier.present && carrier.up && !member.link.up)
                hooks_.speed(member.port->device, carrier.index);
            const std::string name = member.name;
            aggregate->carrier_reported(name, carrier, now);
            if (!carrier.present) hooks_.gone(name, "is gone");
        }
    }
}

std::vector<unsigned> Engine::interfaces() const {
    std::vector<unsigned> indexes;
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        for (const Member &member : aggregate->members())
            if (member.port && member.port->link_source == port::LinkSource::RTNETLINK)
                indexes.push_back(member.port->interface_index);
    return indexes;
}

void Engine::set_speed(port::DeviceId device, unsigned interface_index, uint32_t speed_mbps,
                       bool full_duplex, lacp::Time now) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        const Member *member = aggregate->member_on(device);
        if (member == nullptr || member->port->interface_index != interface_index) continue;
        port::Link link = member->link;
        link.speed_mbps = speed_mbps;
        link.full_duplex = full_duplex;
        aggregate->link_changed(device, link, "rtnetlink", now);
    }
    flush(now);
}

void Engine::links_changed(lacp::Time now) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        read_watches(*aggregate, now);
    poll_unwatched(now);
    flush(now);
}

void Engine::read_watches(Aggregate &aggregate, lacp::Time now) {
    if (const upper::Device &upper = aggregate.upper().device; upper.watch != nullptr)
        if (const port::Loss loss = upper.watch->known().loss; loss != port::Loss::NONE)
            hooks_.gone(upper.port, to_text(loss));
    for (const Member &member : aggregate.members()) {
        if (!member.port || !member.port->watch) continue;
        const bool was_up = member.link.up;
        if (aggregate.read_watch(member.name, now))
            hooks_.gone(member.name, to_text(member.port->watch->known().loss));
        else if (was_up && !member.link.up && member.port->is_pci && !member.loss_told)
            hooks_.stale(member.name);
    }
}

bool Engine::has_unwatched() const {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        for (const Member &member : aggregate->members())
            if (is_unwatched(member)) return true;
    return false;
}

void Engine::poll_unwatched(lacp::Time now) {
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        for (const Member &member : aggregate->members())
            if (is_unwatched(member))
                aggregate->link_changed(member.port->device, port::read_link(member.port->device),
                                        kAsked, now);
}

void Engine::pause(const std::string &lagg, const std::string &port, lacp::Time now) {
    if (Aggregate *aggregate = find_aggregate(lagg)) aggregate->pause(port);
    flush(now);
}

void Engine::resume(const std::string &lagg, const std::string &port,
                    std::shared_ptr<port::LinkWatch> watch, std::vector<std::string> features,
                    lacp::Time now) {
    if (Aggregate *aggregate = find_aggregate(lagg))
        aggregate->resume(port, std::move(watch), std::move(features), now);
    flush(now);
}

// Publish first, send after: a LACPDU must not promise what the workers do not do yet, and when it
// takes a promise back the workers have stopped already.
void Engine::flush(lacp::Time now) {
    bool changed = std::exchange(removed_, false);
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        changed = aggregate->take_changed() || changed;
    if (changed) publish();
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        // While a lagg stands still nobody would send its frames; they wait for the next time.
        if (!held_until_) send_frames(*aggregate);
        if (aggregate->upper().carrier == nullptr) continue;
        const auto known = std::ranges::find(carriers_, aggregate->config().name,
                                             &std::pair<std::string, bool>::first);
        if (known != carriers_.end() && known->second == aggregate->up()) continue;
        if (known == carriers_.end())
            carriers_.emplace_back(aggregate->config().name, aggregate->up());
        else
            known->second = aggregate->up();
        hooks_.carrier(aggregate->config().name, aggregate->upper().carrier, aggregate->up());
    }
    if (!held_until_) send_announcements(now);
}

// All aliases are announced together, so that what still waits of an older time is out of date.
void Engine::send_frames(Aggregate &aggregate) {
    const std::string &name = aggregate.config().name;
    const std::vector<OutgoingFrame> frames = aggregate.take_frames();
    if (std::ranges::any_of(frames, &OutgoingFrame::is_announcement))
        std::erase_if(announcements_, [&](const auto &waiting) { return waiting.lagg == name; });
    for (const OutgoingFrame &frame : frames) {
        if (frame.is_announcement)
            announcements_.push_back({name, frame.device, frame.bytes});
        else
            fleet_.send_slow(frame.device, frame.bytes, frame.queue);
    }
}

// A few at a time for each device. A port without link has lost them: they are made anew for the
// place where the lagg is next.
void Engine::send_announcements(lacp::Time now) {
    std::bitset<worker::kMaxDevices> later;
    std::set<std::string> lost;
    std::erase_if(announcements_, [&](const WaitingAnnouncement &waiting) {
        if (later.test(waiting.device)) return false;
        switch (fleet_.announce(waiting.device, waiting.frame)) {
        case worker::Fleet::Announced::QUEUED: return true;
        case worker::Fleet::Announced::LATER: later.set(waiting.device); return false;
        case worker::Fleet::Announced::NOWHERE: lost.insert(waiting.lagg); return true;
        }
        return true;
    });
    for (const std::string &lagg : lost)
        if (Aggregate *aggregate = find_aggregate(lagg)) aggregate->announce_again(now);
}

// A lagg whose devices have fewer or more queues in common than before is served by other workers
// from now on. Its queues must not have two workers for a moment, so it stands still until the old
// ones let go.
void Engine::publish() {
    auto state = std::make_unique<worker::ForwardingState>();
    std::map<uint8_t, uint16_t> shares;
    std::vector<uint8_t> held;
    const bool waited = held_until_ && fleet_.passed(*held_until_);
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_) {
        const worker::LaggForwarding &lagg = state->laggs.emplace_back(aggregate->forwarding());
        const uint16_t share =
            std::clamp<uint16_t>(lagg.share, 1, static_cast<uint16_t>(fleet_.size()));
        const auto before = shares_.find(lagg.slot);
        const bool let_go = waited && std::ranges::find(held_, lagg.slot) != held_.end();
        const bool moves = before != shares_.end() && before->second != share && !let_go;
        if (moves) held.push_back(lagg.slot);
        shares[lagg.slot] = moves ? before->second : share;
    }
    shares_ = std::move(shares);
    worker::assign_queues(*state, fleet_.size(), held);
    fleet_.publish(std::move(state));
    held_until_.reset();
    if (!held.empty()) held_until_ = fleet_.start_grace();
    held_ = std::move(held);
    holds_.clear();
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        if (aggregate->flow_move().wants_grace())
            holds_[aggregate->identity().slot] = fleet_.start_grace();
}

bool Engine::has_frames_to_send() const {
    return std::ranges::any_of(
        laggs_, [](const auto &aggregate) { return aggregate->has_frames_to_send(); });
}

std::vector<api::Lagg> Engine::describe(lacp::Time now) const {
    std::vector<api::Lagg> laggs;
    for (const std::unique_ptr<Aggregate> &aggregate : laggs_)
        laggs.push_back(aggregation::describe(*aggregate, fleet_, now));
    return laggs;
}

std::shared_ptr<const port::LinkWatch> Engine::watch(const std::string &lagg,
                                                     const std::string &port) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    const Member *member = aggregate == nullptr ? nullptr : aggregate->member_named(port);
    return member == nullptr || !member->port ? nullptr : member->port->watch;
}

bool Engine::is_up(const std::string &lagg) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    return aggregate != nullptr && aggregate->up();
}

bool Engine::distributes(const std::string &lagg, const std::string &port) const {
    const Aggregate *aggregate = find_aggregate(lagg);
    const Member *member = aggregate == nullptr ? nullptr : aggregate->member_named(port);
    return member != nullptr && aggregate->up() && aggregate->could_carry(*member);
}

} // namespace lagg::aggregation
