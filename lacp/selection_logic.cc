// Selection Logic (802.1AX-2014 6.4.14).
//
// Decisions the standard leaves open:
// - A port joins the Aggregator that has its LAG ID, else takes the one of its own place, else the
//   first free one. It keeps it as long as the LAG ID lasts, whoever comes or goes.
// - A lagg shows one Aggregator to its client. Ports of the others are STANDBY, hence out of sync:
//   a partner must not send where nobody collects.
// - A port without a known partner waits UNSELECTED until the receive machine gives up hoping
//   (DEFAULTED), so the first LACPDU never finds it attached to nobody.
// - Where both ends could choose, the one with the lower System Identifier decides and the other
//   follows what it sees in sync. Two ends that both followed could change places for ever.
// - With more links than may be used, a better port that arrives later replaces an attached one
//   only when it is ready to attach itself: traffic does not stop for wait_while_timer. Where the
//   lagg is not revertive it does not replace it at all.
// - The follower prefers the links that the partner has in sync: the one that decides may have
//   reasons (restoring, draining, not revertive) that port identifiers do not tell.
// - A link on which we were in sync and the partner did not follow is declined, and gives way to
//   links and Aggregators that were not offered yet. Else one that is drained over there would keep
//   its place for ever and carry nothing. It counts again when the partner is in sync.
// - A port that failed is STANDBY until it has worked for the wait-to-restore time, but not when
//   nothing better works: then waiting would help nobody, and it counts as restored.
// - A looped port stays UNSELECTED: two ends of one cable would only talk to themselves.
#include "lacp/selection_logic.hh"

#include "lacp/aggregator.hh"

#include <algorithm>
#include <cassert>
#include <tuple>

namespace lagg::lacp {

namespace {

using Assignments = std::array<Assignment, kMaxPorts>;

/// What a port can do for the client if its Aggregator is active; higher is better.
enum class Worth {
    NOTHING,   ///< no link, no partner, nothing known yet, or not to be used
    DECLINED,  ///< in contact, and the partner did not take what was offered
    FOLLOWING, ///< in contact; the partner decides and has not chosen this link
    ASSUMED,   ///< nobody answers, and Partner_Admin says to send all the same
    RESTORING, ///< works again, and is not trusted yet
    AGREED,    ///< the partner is in sync, or will be as soon as we are
};

bool decides(const AggregationPort &port) {
    return port.actor.system <= port.partner.system;
}

/// The partner is in sync, or will be as soon as we are. One that refused for long is believed
/// where we are in sync as well: an end that decides and went after every Sync it sees would chase
/// a partner that follows it.
bool agrees(const AggregationPort &port) {
    const bool in_sync = port.partner.state.synchronization;
    if (!decides(port)) return in_sync;
    if (port.attitude != PartnerAttitude::REFUSES) return true;
    return in_sync && port.actor.state.synchronization;
}

Worth worth(const AggregationPort &port) {
    if (!port.is_working() || port.parameters.drained) return Worth::NOTHING;
    if (port.rx != RxState::CURRENT) return Worth::ASSUMED;
    if (!agrees(port)) return port.declined ? Worth::DECLINED : Worth::FOLLOWING;
    return port.failed ? Worth::RESTORING : Worth::AGREED;
}

bool is_partner_known(const AggregationPort &port) {
    if (!port.actor.state.defaulted) return true;
    return port.rx == RxState::DEFAULTED || port.rx == RxState::LACP_DISABLED;
}

/// The Aggregator a DETACHED port should use, given what was assigned to the others before it.
uint16_t find_aggregator(size_t place, const Ports &ports, const Assignments &assigned) {
    const LagId id = lag_id(ports[place]);
    std::array<bool, kMaxPorts + 1> taken{};
    for (size_t i = 0; i < ports.size(); ++i) {
        if (i == place || !ports[i].is_used()) continue;
        taken[assigned[i].aggregator] = true;
        if (assigned[i].selected == Selected::UNSELECTED) continue;
        if (lag_id(ports[i]) == id) return assigned[i].aggregator;
    }
    if (!taken[place + 1]) return static_cast<uint16_t>(place + 1);
    const auto free = std::find(taken.begin() + 1, taken.end(), false);
    assert(free != taken.end());
    return static_cast<uint16_t>(free - taken.begin());
}

Assignment assign(size_t place, const Ports &ports, const Assignments &assigned) {
    const AggregationPort &port = ports[place];
    if (port.leaving) return {Selected::UNSELECTED, port.aggregator, "port is leaving"};
    if (port.is_looped()) return {Selected::UNSELECTED, port.aggregator, "partner is ourselves"};
    if (port.selected != Selected::UNSELECTED) {
        return {port.selected, port.aggregator, port.selected_reason};
    }
    if (port.mux != MuxState::DETACHED || !is_partner_known(port)) {
        return {Selected::UNSELECTED, port.aggregator, port.selected_reason};
    }
    return {Selected::STANDBY, find_aggregator(place, ports, assigned), "Aggregator is not active"};
}

Assignments assign_aggregators(const Ports &ports) {
    Assignments assigned;
    for (size_t i = 0; i < ports.size(); ++i) {
        assigned[i] = {ports[i].selected, ports[i].aggregator, ports[i].selected_reason};
    }
    for (size_t i = 0; i < ports.size(); ++i) {
        if (ports[i].is_used()) assigned[i] = assign(i, ports, assigned);
    }
    return assigned;
}

/// What an Aggregator offers: its best ports, and how much they sum up to. Only links that the
/// partner has in sync for good are counted against other Aggregators: it may use fewer than it
/// has, and an Aggregator chosen for links it then refuses would lose to the one left, for ever.
struct Offer {
    uint16_t number = 0;
    bool is_in_use = false;
    Worth worth = Worth::NOTHING;
    unsigned ports = 0;
    uint64_t bandwidth_mbps = 0;
    SystemId partner;
};

void add(Offer &offer, const AggregationPort &port) {
    const Worth value = worth(port);
    offer.is_in_use = true;
    if (value > offer.worth) offer = {offer.number, true, value, 0, 0, port.partner.system};
    if (value < offer.worth) return;
    if (port.attitude == PartnerAttitude::REFUSES) return;
    ++offer.ports;
    offer.bandwidth_mbps += port.speed_mbps;
}

bool is_better(const Offer &a, const Offer &b, AggregatorChoice choice, uint16_t active) {
    const bool by_partner = choice == AggregatorChoice::PARTNER_PRIORITY;
    if (by_partner && a.worth == b.worth && a.partner != b.partner) return a.partner < b.partner;
    const auto rank = [&](const Offer &offer) {
        uint64_t measure = 0;
        if (choice == AggregatorChoice::COUNT) measure = offer.ports;
        if (choice == AggregatorChoice::BANDWIDTH) measure = offer.bandwidth_mbps;
        // A draw keeps the active one: moving costs traffic.
        const bool incumbent = offer.number == active;
        return std::tuple(offer.worth, measure, incumbent, offer.bandwidth_mbps, -offer.number);
    };
    return rank(a) > rank(b);
}

/// An Aggregator that can carry nothing stays active until another one can: its ports keep their
/// attachment over a short outage.
uint16_t choose_active(AggregatorChoice choice, const Ports &ports, const Assignments &assigned,
                       uint16_t active) {
    std::array<Offer, kMaxPorts + 1> offers;
    for (size_t i = 0; i < ports.size(); ++i) {
        if (!ports[i].is_used() || assigned[i].selected == Selected::UNSELECTED) continue;
        offers[assigned[i].aggregator].number = assigned[i].aggregator;
        add(offers[assigned[i].aggregator], ports[i]);
    }
    Offer best;
    for (const Offer &offer : offers) {
        if (offer.worth == Worth::NOTHING) continue;
        if (best.number == 0 || is_better(offer, best, choice, active)) best = offer;
    }
    if (best.number != 0) return best.number;
    return offers[active].is_in_use ? active : uint16_t{0};
}

/// Lower is preferred. The System with the lower identifier lends its port identifiers.
auto preference(const AggregationPort &port, bool revertive) {
    const bool works = worth(port) != Worth::NOTHING;
    const bool settled = port.is_attached() || port.ready_n;
    const bool chosen_there =
        port.partner.state.synchronization || (decides(port) && !port.declined);
    const bool stays = !revertive && port.is_attached();
    return std::tuple(!works, !settled, !chosen_there, !stays,
                      decides(port) ? port.actor.port : port.partner.port, port.actor.port);
}

/// Why the port must stand by although its Aggregator may have room; nothing when it need not.
const char *reason_to_stand_by(const AggregationPort &port, Worth best) {
    if (port.parameters.drained) return "port is drained";
    if (port.failed && best > Worth::RESTORING) return "port waits to be restored";
    return nullptr;
}

void choose_links(const SystemParameters &parameters, uint16_t active, const Ports &ports,
                  Assignments &assigned) {
    std::array<size_t, kMaxPorts> candidates;
    size_t count = 0;
    Worth best = Worth::NOTHING;
    for (size_t i = 0; i < ports.size(); ++i) {
        if (!ports[i].is_used() || assigned[i].selected == Selected::UNSELECTED) continue;
        if (assigned[i].aggregator == active) {
            candidates[count++] = i;
            best = std::max(best, worth(ports[i]));
        } else {
            assigned[i].selected = Selected::STANDBY;
            assigned[i].reason = "Aggregator is not active";
        }
    }
    std::sort(candidates.begin(), candidates.begin() + count, [&](size_t a, size_t b) {
        return preference(ports[a], parameters.revertive) <
               preference(ports[b], parameters.revertive);
    });
    size_t selected = 0;
    for (size_t rank = 0; rank < count; ++rank) {
        Assignment &assignment = assigned[candidates[rank]];
        const char *stands_by = reason_to_stand_by(ports[candidates[rank]], best);
        const bool room = parameters.max_links == 0 || selected < parameters.max_links;
        if (stands_by == nullptr && !room) stands_by = "Aggregator has enough links";
        if (stands_by == nullptr) ++selected;
        assignment.selected = stands_by == nullptr ? Selected::SELECTED : Selected::STANDBY;
        assignment.reason = stands_by == nullptr ? "Aggregator has room" : stands_by;
    }
}

} // namespace

Selection select(const SystemParameters &parameters, const Ports &ports, uint16_t active) {
    Selection selection;
    selection.ports = assign_aggregators(ports);
    selection.active = choose_active(parameters.aggregator_choice, ports, selection.ports, active);
    choose_links(parameters, selection.active, ports, selection.ports);
    return selection;
}

bool is_ready(const Ports &ports, uint16_t aggregator) {
    return std::none_of(ports.begin(), ports.end(), [&](const AggregationPort &port) {
        return port.is_used() && port.aggregator == aggregator &&
               port.selected == Selected::SELECTED && port.mux == MuxState::WAITING &&
               !port.ready_n;
    });
}

} // namespace lagg::lacp
