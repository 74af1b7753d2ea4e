#include "control/aggregation/aggregate.hh"

#include "control/aggregation/announcement.hh"
#include "dataplane/frame/flow_key.hh"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cassert>

namespace lagg::aggregation {

namespace {

using config::Carriers;
using config::Protocol;

} // namespace

Aggregate::Aggregate(const config::Lagg &config, const Identity &identity, lacp::Time now,
                     recording::Recorder *recorder)
    : config_(config), identity_(identity), recorder_(recorder), last_change_(now) {
    for (const std::string &name : config_.ports)
        members_.push_back(Member{.name = name});
    if (config_.protocol == Protocol::LACP) start_lacp(now);
}

const Member *Aggregate::member_on(port::DeviceId device) const {
    for (const Member &member : members_)
        if (member.port && member.port->device == device) return &member;
    return nullptr;
}

const Member *Aggregate::member_named(const std::string &port) const {
    const auto found = std::ranges::find(members_, port, &Member::name);
    return found == members_.end() ? nullptr : &*found;
}

Member *Aggregate::find_member(const std::string &port) {
    const auto found = std::ranges::find(members_, port, &Member::name);
    return found == members_.end() ? nullptr : &*found;
}

Member *Aggregate::find_member(lacp::PortNumber number) {
    for (Member &member : members_)
        if (member.port && member.port->number == number) return &member;
    return nullptr;
}

Member *Aggregate::find_device(port::DeviceId device) {
    for (Member &member : members_)
        if (member.port && member.port->device == device) return &member;
    return nullptr;
}

// ---- what happens to a lagg ---------------------------------------------------------------------

void Aggregate::link_changed(port::DeviceId device, const port::Link &link, const char *told_by,
                             lacp::Time now) {
    Member *member = find_device(device);
    if (member == nullptr || member->link == link) return;
    const bool was_up = member->link.up;
    member->link = link;
    if (was_up != link.up) {
        if (!link.up) ++member->link_failures;
        member->history.add_link(now, link.up, told_by);
        member->link_change_by = told_by;
        if (may_log(member->log, member->name, now))
            spdlog::info("{}: {}: link {} ({})", config_.name, member->name,
                         link.up ? "up" : "down", told_by);
        if (lacp_) changed_ = true; // LACPDUs are sent on links that are up only
    }
    tell_link(*member, now);
    settle(now, "port " + member->name + (link.up ? " link up" : " link down"));
}

void Aggregate::carrier_reported(const std::string &port, const kernel::Carrier &carrier,
                                 lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return;
    CarrierSaid &said = member->carrier_said[static_cast<size_t>(carrier.source)];
    const bool up = carrier.present && carrier.up;
    if (up != member->link.up) ++said.changes;
    said.up = up;
    said.at = now;
    port::Link link = member->link;
    link.up = up;
    link_changed(member->port->device, link, to_text(carrier.source), now);
}

bool Aggregate::read_watch(const std::string &port, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port || !member->port->watch || member->paused) return false;
    const port::DeviceId device = member->port->device;
    const port::LinkWatch::Known known = member->port->watch->known();
    const bool lost_meanwhile = known.losses != std::exchange(member->losses_seen, known.losses);
    const char *told_by =
        known.loss != port::Loss::NONE ? to_text(known.loss) : to_text(known.teller);
    // It went down and came back since the last look. The partner may be another one by now.
    if (lost_meanwhile && known.link.up && member->link.up) {
        port::Link down = member->link;
        down.up = false;
        link_changed(device, down, told_by, now);
    }
    link_changed(device, known.link, told_by, now);
    return known.loss != port::Loss::NONE && !std::exchange(member->loss_told, true);
}

void Aggregate::pause(const std::string &port) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return;
    member->paused = true;
    // The device is about to be stopped, and only the last one to let go of its watch ends it: a
    // watch that still asks while the driver starts the device can make the start fail.
    member->port->watch.reset();
    changed_ = true;
}

void Aggregate::resume(const std::string &port, std::shared_ptr<port::LinkWatch> watch,
                       std::vector<std::string> features, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return;
    member->port->watch = std::move(watch);
    member->port->features = std::move(features);
    member->paused = false;
    member->losses_seen = 0;
    ++member->restarts;
    changed_ = true;
    read_watch(port, now);
}

void Aggregate::slow_frame(port::DeviceId device, std::span<const uint8_t> frame, lacp::Time now) {
    Member *member = find_device(device);
    if (member == nullptr || drops_for_test(*member, frame)) return;
    if (frame::is_tagged_slow_protocol(frame)) return member->history.add_tagged(now, frame);
    if (!lacp_) return note_unwanted_lacp(*member, frame, now);
    member->history.add(now, Direction::RECEIVED, frame);
    step(lacp::SlowFrameReceived{member->port->number, frame}, now);
    settle(now, lacp_reason_);
}

// A switch that speaks LACP to a lagg that does not takes its ports for idle. Nothing here is wrong
// then, so that its LACPDUs are all there is to tell.
void Aggregate::note_unwanted_lacp(Member &member, std::span<const uint8_t> frame, lacp::Time now) {
    const std::optional<lacp::Lacpdu> pdu = lacp::decode_lacpdu(frame);
    if (!pdu) return;
    UnwantedLacp &unwanted = member.unwanted_lacp;
    unwanted = {.system = pdu->actor.system.address, .at = now, .count = unwanted.count + 1};
}

void Aggregate::time_passed(lacp::Time now) {
    tell_left_out(now);
    if (!lacp_) return end_move_in_time(now);
    step(lacp::TimePassed{}, now);
    end_move_in_time(now);
    settle(now, lacp_reason_);
}

std::optional<lacp::Time> Aggregate::next_deadline() const {
    std::optional<lacp::Time> next;
    const auto consider = [&](const std::optional<lacp::Time> &deadline) {
        if (deadline && (!next || *deadline < *next)) next = deadline;
    };
    consider(move_.deadline());
    if (lacp_) consider(lacp_->next_deadline());
    consider(log_.deadline());
    for (const Member &member : members_)
        consider(member.log.deadline());
    return next;
}

void Aggregate::leave(const std::string &port, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port) return;
    member->leaving = true;
    step(lacp::PortLeaving{member->port->number}, now);
    settle(now, "port " + port + " is leaving");
}

void Aggregate::come_back(const std::string &port, lacp::Time now) {
    Member *member = find_member(port);
    if (member == nullptr || !member->port || !member->leaving) return;
    member->leaving = false;
    step(lacp::PortReturning{member->port->number}, now);
    settle(now, "port " + port + " is back");
}

void Aggregate::leave_all(lacp::Time now) {
    for (Member &member : members_)
        leave(member.name, now);
}

// ---- who carries traffic ------------------------------------------------------------------------

bool Aggregate::is_usable(const Member &member) const {
    return member.port && member.link.up && !member.leaving && !wants_drain(member);
}

// Where it is negotiated the core has said so already; elsewhere the links alone decide.
void Aggregate::choose_members() {
    const Carriers carriers = traits_of(config_.protocol).carriers;
    if (carriers == Carriers::NEGOTIATED) return;
    const auto first =
        std::ranges::find_if(members_, [this](const Member &member) { return is_usable(member); });
    for (Member &member : members_) {
        const bool is_first = first != members_.end() && &member == &*first;
        const bool receives = carriers == Carriers::ALL || is_first || config_.rx_all;
        member.distributing =
            carriers == Carriers::ALL ? is_usable(member) : carriers == Carriers::FIRST && is_first;
        member.collecting = member.port && carriers != Carriers::NOBODY && receives;
    }
}

bool Aggregate::could_carry(const Member &member) const {
    const bool others_stand_by = traits_of(config_.protocol).carriers == Carriers::FIRST;
    return member.distributing || (others_stand_by && is_usable(member));
}

uint32_t Aggregate::able_members() const {
    return static_cast<uint32_t>(std::ranges::count_if(
        members_, [this](const Member &member) { return could_carry(member); }));
}

void Aggregate::settle(lacp::Time now, const std::string &reason) {
    choose_members();
    const uint32_t able = able_members();
    const bool up = able >= std::max<uint32_t>(1, config_.min_links);

    bool moved = false;
    for (Member &member : members_) {
        if (!member.port) continue;
        const std::pair<bool, bool> before = forwarded_[member.index];
        forwarded_[member.index] = {member.collecting, member.distributing};
        if (before == forwarded_[member.index]) continue;
        changed_ = true;
        if (before.second != member.distributing) {
            moved = true;
            if (may_log(member.log, member.name, now))
                spdlog::info("{}: {}: {} traffic: {}", config_.name, member.name,
                             member.distributing ? "carries" : "carries no", reason);
            last_change_ = now;
            last_change_reason_ = reason;
        }
    }
    const bool came_up = up && !up_;
    if (up != up_) {
        up_ = up;
        changed_ = true;
        last_change_ = now;
        last_change_reason_ = reason;
        if (may_log(log_, "all ports", now))
            spdlog::info("{}: {} with {} of {} ports: {}", config_.name, up ? "up" : "down", able,
                         members_.size(), reason);
    }
    rebuild_table();
    if (up_) note_place(moved || came_up);
    if (drain_members(now)) settle(now, "drain");
}

// A partner in LACP or with a static aggregate knows the lagg by all of its ports, and learns
// nothing from a port more or less. What it has to hear is a new address, another kind of
// aggregate, and that none of the ports it knew is in use any more: the others may lead to another
// switch.
void Aggregate::note_place(bool changed) {
    std::bitset<distribute::kMaxMembers> carriers;
    for (const Member &member : members_)
        if (member.port && member.distributing) carriers.set(member.index);
    const bool elsewhere = carried_by_.any() && (carried_by_ & carriers).none();
    carried_by_ = carriers;
    const bool one_carries = traits_of(config_.protocol).carriers == Carriers::FIRST;
    if (elsewhere || (changed && one_carries) || announcement_due_) announce();
    announcement_due_ = false;
}

// On one port, since a switch that saw the address on several would take it for a loop; broadcast
// sends everything on all.
void Aggregate::announce() {
    for (const Member &member : members_) {
        if (!member.port || !member.distributing) continue;
        for (std::vector<uint8_t> &frame : announcements(identity_.mac, config_.aliases))
            frames_.push_back({.device = member.port->device,
                               .bytes = std::move(frame),
                               .is_announcement = true});
        if (traits_of(config_.protocol).mode != Mode::BROADCAST) return;
    }
}

void Aggregate::announce_again(lacp::Time now) {
    announcement_due_ = true;
    settle(now, "announcement");
}

// ---- results ------------------------------------------------------------------------------------

bool Aggregate::take_changed() {
    return std::exchange(changed_, false);
}

std::vector<OutgoingFrame> Aggregate::take_frames() {
    return std::exchange(frames_, {});
}

distribute::Policy Aggregate::hash_policy() const {
    distribute::Policy policy = config_.hash.policy;
    policy.seed = config_.hash.seed.value_or(identity_.hash_seed);
    return policy;
}

uint16_t Aggregate::queues() const {
    uint16_t queues = upper_.queues;
    for (const Member &member : members_)
        if (member.port) queues = std::min(queues, member.port->queues);
    return queues;
}

worker::LaggForwarding Aggregate::forwarding() const {
    worker::LaggForwarding forwarding;
    forwarding.slot = identity_.slot;
    forwarding.share = queues();
    forwarding.upper = upper_.endpoint;
    forwarding.mode = traits_of(config_.protocol).mode;
    forwarding.spread.table = move_.table();
    forwarding.holding = move_.is_holding();
    forwarding.measure = rebalances();
    forwarding.spread.policy = hash_policy();
    forwarding.spread.hash = distribute::FlowHash(forwarding.spread.policy);
    forwarding.spread.stride = config_.roundrobin_stride;
    forwarding.spread.weights = live_weights_;
    for (const Member &member : members_) {
        if (!member.port || member.paused) continue;
        const bool distributes = up_ && member.distributing;
        forwarding.members[member.index] = {.device = member.port->device,
                                            .queues = member.port->receive_queues(),
                                            .rx_descriptors = member.port->rx_descriptors,
                                            .collecting = member.collecting,
                                            .distributing = distributes,
                                            .link_up = member.link.up,
                                            .frees_fast = member.port->frees_fast};
        forwarding.member_count =
            std::max<uint8_t>(forwarding.member_count, static_cast<uint8_t>(member.index + 1));
        if (distributes) forwarding.spread.live[forwarding.spread.live_count++] = member.index;
    }
    add_policies(forwarding);
    worker::choose_way(forwarding);
    return forwarding;
}

} // namespace lagg::aggregation
