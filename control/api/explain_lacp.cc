// What can be wrong with a port under LACP, in the order in which it negotiates.
#include "control/api/explain_checks.hh"
#include "control/api/words.hh"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace lagg::api {
namespace {

constexpr const char *kNobody = "00:00:00:00:00:00";

/// A silent partner is taken for one that is ready.
bool is_assumed(const Lagg &lagg, const LacpPort &lacp) {
    return lacp.machines.rx == RxState::DEFAULTED && lagg.lacp &&
           (!lagg.lacp->strict || lagg.lacp->fallback_active);
}

/// The partner's identifiers are the better ones, so it chooses where both ends could.
bool partner_decides(const LacpPort &lacp) {
    return std::tie(lacp.partner.system_priority, lacp.partner.system) <
           std::tie(lacp.actor.system_priority, lacp.actor.system);
}

std::string end_text(const LacpEnd &end) {
    return fmt::format("{},{} key {} port {},{}", end.system_priority, end.system, end.key,
                       end.port_priority, end.port);
}

std::string ago(const std::optional<double> &seconds) {
    return seconds ? "the last " + duration_text(*seconds) + " ago" : "none lately";
}

Checked check_enabled(const Lagg &, const Port &port) {
    if (!port.lacp) return wrong("lacp_not_started", "LACP has not started on it");
    const LacpPortParameters &parameters = port.lacp->parameters;
    if (!parameters.enabled || port.lacp->machines.rx == RxState::LACP_DISABLED)
        return wrong("lacp_off", "LACP is off on it",
                     "Write lacp = { enabled = true } in its [[port]] and reload.");
    if (!port.full_duplex)
        return wrong("half_duplex", "half duplex: LACP aggregates full-duplex links only",
                     "Set full duplex, or automatic negotiation, at both ends.");
    return fine(fmt::format("on, {}, rate {}, key {}", parameters.active ? "active" : "passive",
                            parameters.fast ? "fast" : "slow", parameters.key));
}

Checked check_sent(const Lagg &, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (lacp.txtest)
        return wrong("txtest", "txtest holds its LACPDUs back",
                     "End the test: laggctl lacp txtest " + port.name + " off");
    const bool waits = !lacp.parameters.active && !lacp.partner.flags.has(LacpFlag::ACTIVITY);
    if (waits && lacp.machines.rx != RxState::CURRENT)
        return wrong("passive", "passive, and no active partner has spoken: nobody begins",
                     "Write mode = \"active\" here, or make the switch's end active.");
    const std::string unsent =
        lacp.lacpdus_unsent == 0
            ? ""
            : fmt::format("; {} were made and could not be sent", lacp.lacpdus_unsent);
    if (lacp.counters.lacpdus_tx == 0)
        return wrong("nothing_sent", "no LACPDU has been sent" + unsent,
                     "If it stays so, look at SLOW-DROPPED in laggctl show counters, and at "
                     "buffers in laggctl show status.");
    return fine(
        fmt::format("{} sent, {}{}", lacp.counters.lacpdus_tx, ago(lacp.last_tx_seconds), unsent));
}

Checked check_received(const Lagg &lagg, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (lacp.rxtest)
        return wrong("rxtest", "rxtest drops the LACPDUs that come",
                     "End the test: laggctl lacp rxtest " + port.name + " off");
    const std::string count =
        fmt::format("{} came, {}", lacp.counters.lacpdus_rx, ago(lacp.last_rx_seconds));
    if (lacp.too_slow_seconds)
        return deaf("partner_too_slow",
                    fmt::format("LACPDUs come up to {} apart, though one a second is asked for: "
                                "the partner is lost after 3 s",
                                duration_text(*lacp.too_slow_seconds)),
                    "Set the fast rate (short timeout) at the switch's port, or write rate = "
                    "\"slow\" here. If it is set, LACPDUs get lost on the way.");
    if (is_assumed(lagg, lacp))
        return fine(count + (lagg.lacp->strict ? "; fallback " + lagg.lacp->fallback + " is active"
                                               : "; not strict, so a partner is assumed"));
    if (lacp.machines.rx == RxState::CURRENT) return fine(count);
    if (lacp.tagged && lacp.tagged->seconds_ago < kForgottenSeconds)
        return wrong("partner_tagged",
                     fmt::format("LACPDUs come with a tag of VLAN {}, the last {} ago: nobody "
                                 "takes them",
                                 lacp.tagged->vlan, duration_text(lacp.tagged->seconds_ago)),
                     "LACP belongs to the link and has no tag. Let the switch send it untagged, "
                     "or find what adds the tag on the way: a switch or a virtual one between "
                     "that tags the port.");
    if (lacp.last_rx_seconds)
        return wrong("partner_silent", "no LACPDU for " + duration_text(*lacp.last_rx_seconds),
                     "See whether the switch still runs LACP there, and whether its frames get "
                     "through; laggctl lacp pdus " +
                         port.name + " shows the last ones.");
    return wrong("partner_unheard", "no LACPDU has come; is LACP on at the other end?",
                 "Turn LACP on at the switch's port. If the switch has a static aggregation "
                 "instead, write protocol = \"loadbalance\".");
}

Checked check_loop(const Lagg &, const Port &port) {
    if (port.lacp->loopback && !port.lacp->stranger_by.empty())
        return wrong("cloned",
                     fmt::format("another system has our MAC {}: it is not this host by {}",
                                 port.lacp->actor.system, port.lacp->stranger_by),
                     "Give each host an address of its own: 'mac' of the lagg or 'system_mac' of "
                     "its lacp, which a cloned host has kept.");
    if (port.lacp->loopback)
        return wrong("loopback", "its own LACPDUs come back: the other end is a loop",
                     "Find the cable or the switch port that leads back to this host.");
    return fine("none: the partner is " + port.lacp->partner.system);
}

Checked check_partners_view(const Lagg &, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (lacp.machines.rx != RxState::CURRENT || !lacp.partner_sees)
        return fine("there is none yet");
    const LacpEnd &seen = *lacp.partner_sees;
    if (end_text(seen) == end_text(lacp.actor)) return fine("it knows this port");
    if (!lacp.partner.flags.has(LacpFlag::AGGREGATION))
        return fine("it is Individual and need not know this port");
    if (seen.system == kNobody)
        return wrong("one_way", "the partner does not hear us, though we hear it",
                     "Our LACPDUs are lost on the way: look for a link that works in one "
                     "direction only, or for a device between that keeps frames to "
                     "01:80:c2:00:00:02.");
    return wrong("mistaken",
                 "the partner takes us for " + end_text(seen) + ", but this is " +
                     end_text(lacp.actor),
                 "After a change it should learn better within a second, or 30 s at the slow "
                 "rate. If it does not, it hears somebody else on that port.");
}

// ---- selection

/// A port in use, to compare with.
const Port *reference(const Lagg &lagg) {
    const auto found = std::ranges::find_if(lagg.ports, [&](const Port &port) {
        return port.lacp && port.lacp->aggregator == lagg.active_aggregator;
    });
    return found == lagg.ports.end() ? nullptr : &*found;
}

std::string choice_text(const Lagg &lagg) {
    return lagg.lacp ? " (select = \"" + lagg.lacp->select + "\" chose it)" : "";
}

Checked other_aggregator(const Lagg &lagg, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    const std::string active = fmt::format("aggregator {} is active", lagg.active_aggregator);
    const Port *used = reference(lagg);
    if (lacp.parameters.individual || !lacp.actor.flags.has(LacpFlag::AGGREGATION))
        return wrong("individual_here", "it is Individual by its configuration, and " + active,
                     "Take 'individual' out of its [[port]] and reload.");
    if (!lacp.partner.flags.has(LacpFlag::AGGREGATION))
        return wrong("individual_there", "the partner calls the link Individual, and " + active,
                     "Put the switch's port into the same LACP group as the others.");
    if (used && used->lacp->partner.system == lacp.partner.system) {
        if (used->lacp->partner.key != lacp.partner.key)
            return wrong("partner_key",
                         fmt::format("the partner's key is {} here and {} on {}: another group",
                                     lacp.partner.key, used->lacp->partner.key, used->name),
                         "Put the switch's port into the same LACP group as " + used->name +
                             "'s, with the same speed.");
        if (used->lacp->actor.key != lacp.actor.key)
            return wrong("own_key",
                         fmt::format("its key is {}, and that of {} is {}", lacp.actor.key,
                                     used->name, used->lacp->actor.key),
                         "Give both the same key in lagg.toml.");
    }
    return wrong("other_partner",
                 fmt::format("leads to {} key {} (aggregator {}), while aggregator {} is active",
                             lacp.partner.system, lacp.partner.key, lacp.aggregator,
                             lagg.active_aggregator),
                 "Plug it into the switch of the other ports" + choice_text(lagg) +
                     ", or put it into a lagg of its own.");
}

Checked standby(const Lagg &lagg, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (!lagg.lacp || lagg.lacp->max_links == 0)
        return wrong("standby", "standby: the aggregator has all the ports it may use");
    const std::string who = partner_decides(lacp)
                                ? "The partner's port priorities decide"
                                : "The ports' lacp priority decides, lower is better";
    return wrong("max_links",
                 fmt::format("standby: max_links {} ports are in use", lagg.lacp->max_links),
                 "It takes over when one of them fails. " + who + "; or raise max_links.");
}

Checked check_selection(const Lagg &lagg, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (port.drained_by != DrainedBy::NOBODY) return drained(lagg, port);
    if (lacp.waiting_to_restore)
        return wrong("restoring",
                     fmt::format("works again, and waits to be trusted (wait_to_restore is {} s)",
                                 lagg.lacp ? lagg.lacp->wait_to_restore_seconds : 0),
                     "Wait; it is used at once when no other port works.");
    if (lacp.machines.selected == Selected::UNSELECTED)
        return wrong("unselected", "not selected by an aggregator",
                     "This should last for a moment only; laggctl lacp history " + port.name +
                         " shows what came before.");
    if (lacp.aggregator != lagg.active_aggregator && lagg.active_aggregator != 0)
        return other_aggregator(lagg, port);
    if (lacp.machines.selected == Selected::STANDBY) return standby(lagg, port);
    return fine(fmt::format("aggregator {}, with {} key {}", lacp.aggregator, lacp.partner.system,
                            lacp.partner.key));
}

// ---- after the selection

Checked check_attached(const Lagg &, const Port &port) {
    if (port.lacp->machines.mux == MuxState::WAITING)
        return wrong("waiting", "waiting to see whether more ports join", "It takes 2 s.");
    return fine("yes");
}

Checked check_partner_sync(const Lagg &, const Port &port) {
    const LacpPort &lacp = *port.lacp;
    if (lacp.partner.flags.has(LacpFlag::SYNCHRONIZATION)) return fine("in sync");
    return wrong(
        "partner_not_in_sync", "the partner is not in sync",
        std::string("Its end stands by or is not in the group: look there for a limit of "
                    "active links, another speed, or a port that is shut down") +
            (partner_decides(lacp) ? "; it has the better system priority and decides." : "."));
}

Checked check_partner_collects(const Lagg &, const Port &port) {
    if (port.lacp->partner.flags.has(LacpFlag::COLLECTING)) return fine("collects");
    return wrong("partner_not_collecting", "the partner does not collect",
                 "If it stays so, the switch does not take frames on a port that it calls in "
                 "sync: mux = \"coupled\" helps where it waits for us to begin.");
}

Checked check_mux(const Lagg &lagg, const Port &port) {
    if (is_ready(lagg, port)) return fine(port.lacp->machines.mux.text());
    return wrong("mux", "mux is " + port.lacp->machines.mux.text(),
                 "This should last for a moment only; laggctl lacp history " + port.name +
                     " shows what came before.");
}

} // namespace

const std::vector<Check> &lacp_checks() {
    static const std::vector<Check> checks{{"LACP", check_enabled},
                                           {"LACPDUs out", check_sent},
                                           {"LACPDUs in", check_received},
                                           {"loop", check_loop},
                                           {"partner's view", check_partners_view},
                                           {"selection", check_selection},
                                           {"attached", check_attached},
                                           {"partner sync", check_partner_sync},
                                           {"partner mux", check_partner_collects},
                                           {"mux", check_mux}};
    return checks;
}

} // namespace lagg::api
