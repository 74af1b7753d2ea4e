// The checks go from the device outwards, because a failed one explains all that come after it.
#include "control/api/explain.hh"

#include "control/api/explain_checks.hh"
#include "control/api/words.hh"

#include <fmt/format.h>

#include <algorithm>

namespace lagg::api {
namespace {

using config::Carriers;

Checked check_device(const Lagg &, const Port &port) {
    if (port.state == PortState::FAILED)
        return wrong("device_failed",
                     port.problem.empty() ? "the device failed"
                                          : "the device failed: " + port.problem,
                     "Mend the device or its line in lagg.toml; laggd tries again every 5 s.");
    if (port.state == PortState::OPENING)
        return wrong("device_opening", "the device is being opened", "Wait until it is.");
    return fine(port.driver.empty() ? port.device : port.driver);
}

Checked check_link(const Lagg &, const Port &port) {
    if (!port.link_up)
        return wrong("link_down", "link down",
                     "Look at the cable and the transceivers, and whether the port is enabled at "
                     "the other end.");
    return fine(fmt::format("up, {}, {} duplex{}",
                            port.speed_mbps ? speed_text(port.speed_mbps) : "unknown speed",
                            port.full_duplex ? "full" : "half",
                            port.link_change_by.empty() ? "" : "; " + port.link_change_by));
}

Checked check_hearing(const Lagg &lagg, const Port &port) {
    if (!port.hears_lagg || !port.hears_slow) return fine("not known");
    if (port.hears_lagg->empty())
        return deaf("cannot_hear", "the device takes no frames for the lagg's address " + lagg.mac,
                    "Let the device be promiscuous or have more addresses (a virtual function: "
                    "`ip link set PF vf N trust on`), or give the lagg this port's address with "
                    "'mac'.");
    if (lagg.protocol == Protocol::LACP && port.hears_slow->empty())
        return deaf("cannot_hear_slow_protocols",
                    "the device takes no frames for 01:80:c2:00:00:02, LACP's address",
                    "Let the device be promiscuous or take all multicast.");
    return fine("the lagg's address: " + *port.hears_lagg +
                (lagg.protocol == Protocol::LACP ? ", LACP's: " + *port.hears_slow : ""));
}

/// A sender on this machine, at the other end of a veth or in a virtual machine, may leave work to
/// a device that does not exist.
Checked check_frames(const Lagg &, const Port &port) {
    if (port.nic.rx_too_large > 0)
        return deaf("frames_too_large",
                    fmt::format("{} frames were dropped that are larger than the link takes",
                                port.nic.rx_too_large),
                    "Their sender leaves cutting them to its device; turn that off at the other "
                    "end: ethtool -K INTERFACE tso off gso off. If this end's driver merges them: "
                    "ethtool -K INTERFACE gro off lro off.");
    return fine(port.nic.rx_checksums_finished == 0
                    ? "whole"
                    : fmt::format("whole; {} checksums were left to this end",
                                  port.nic.rx_checksums_finished));
}

Checked check_protocol(const Lagg &lagg, const Port &port) {
    const Carriers carriers = traits_of(lagg.protocol).carriers;
    if (carriers == Carriers::NOBODY)
        return wrong("protocol_none", "protocol none carries no traffic",
                     "Give the lagg another protocol in lagg.toml.");
    if (lagg.state == LaggState::DISABLED)
        return wrong("disabled", "the lagg is disabled", "Its configuration says so.");
    if (lagg.protocol != Protocol::LACP && port.drained_by != DrainedBy::NOBODY)
        return drained(lagg, port);
    const auto active = std::ranges::find_if(lagg.ports, &Port::distributing);
    if (carriers == Carriers::FIRST && active != lagg.ports.end() && !port.distributing)
        return wrong("failover_standby", "standby: " + active->name + " carries the traffic",
                     "It takes over when " + active->name +
                         " fails; the order of 'ports' says which comes first.");
    return fine(protocol_text(lagg));
}

/// The other end of a lagg without LACP: a switch that waits for LACP carries nothing, and here all
/// looks well.
Checked check_partner(const Lagg &, const Port &port) {
    if (!port.unwanted_lacp || port.unwanted_lacp->seconds_ago > kForgottenSeconds)
        return fine("none needed");
    return deaf(
        "lacp_unwanted",
        fmt::format("the other end ({}) speaks LACP, last {:.1f} s ago, and hears none from here",
                    port.unwanted_lacp->system, port.unwanted_lacp->seconds_ago),
        "Most switches carry nothing on such a port. Write protocol = \"lacp\", or turn LACP "
        "off there: a static aggregation, or with failover none.");
}

Checked check_min_links(const Lagg &lagg, const Port &port) {
    const auto ready =
        std::ranges::count_if(lagg.ports, [&](const Port &other) { return is_ready(lagg, other); });
    if (is_ready(lagg, port) && ready < lagg.min_links)
        return wrong(
            "min_links",
            fmt::format("ready, but only {} of min_links {} ports are", ready, lagg.min_links),
            "See with laggctl why the others are not, or lower min_links.");
    return fine(fmt::format("{} of {} ports are ready, min_links is {}", ready, lagg.ports.size(),
                            lagg.min_links));
}

Checked check_traffic(const Lagg &lagg, const Port &port) {
    if (!port.distributing)
        return wrong("not_distributing", "not distributing", "This should last for a moment only.");
    if (!uses_hash(lagg.protocol)) return fine("it is sent and received");
    return fine(fmt::format("{} of the 4096 buckets of flows lead to it", port.buckets));
}

constexpr Check kDevice{"device", check_device}, kLink{"link", check_link},
    kHearing{"addresses", check_hearing}, kFrames{"frames", check_frames},
    kProtocol{"protocol", check_protocol}, kPartner{"partner", check_partner},
    kMinLinks{"min_links", check_min_links}, kTraffic{"traffic", check_traffic};

std::vector<Check> checks_for(const Lagg &lagg) {
    std::vector<Check> checks{kDevice, kLink, kHearing, kProtocol, kFrames};
    if (lagg.protocol == Protocol::LACP)
        checks.insert(checks.end(), lacp_checks().begin(), lacp_checks().end());
    else
        checks.push_back(kPartner);
    checks.push_back(kMinLinks);
    checks.push_back(kTraffic);
    return checks;
}

} // namespace

Checked drained(const Lagg &lagg, const Port &port) {
    if (port.drained_by == DrainedBy::CONFIGURATION)
        return wrong("drained", "drained by the configuration",
                     "Take 'drain' out of its [[port]] and reload.");
    return wrong("drained", "drained by the " + port.drained_by.text(),
                 fmt::format("Take it back: laggctl drain {} {} off", lagg.name, port.name));
}

bool is_ready(const Lagg &lagg, const Port &port) {
    if (port.distributing) return true;
    if (lagg.protocol != Protocol::LACP)
        return port.link_up && port.state == PortState::RUNNING &&
               port.drained_by == DrainedBy::NOBODY;
    return port.lacp && (port.lacp->machines.mux == MuxState::DISTRIBUTING ||
                         port.lacp->machines.mux == MuxState::COLLECTING_DISTRIBUTING);
}

Why explain(const Lagg &lagg, const Port &port) {
    Why why{.carries = port.distributing};
    for (const Check &check : checks_for(lagg)) {
        const Checked checked = check.run(lagg, port);
        const bool ok = !checked.wrong;
        if (!ok && checked.wrong->also_when_sending) why.carries = false;
        why.steps.push_back(
            {check.name, ok || why.carries, ok ? checked.says : checked.wrong->reason});
        if (ok || why.carries) continue; // what a carrying port lacks does it no harm yet
        why.finding = checked.wrong->word;
        why.reason = checked.wrong->reason;
        why.advice = checked.wrong->advice;
        return why;
    }
    why.finding = "carries";
    return why;
}

std::vector<std::string> warnings(const Lagg &lagg) {
    std::vector<std::string> lines;
    for (const Port &port : lagg.ports)
        if (const std::string reason = explain(lagg, port).reason; !reason.empty())
            lines.push_back(port.name + ": " + reason);
    for (const Port &port : lagg.ports) {
        if (port.distributing && port.drained_by != DrainedBy::NOBODY)
            lines.push_back(port.name + ": its flows are being moved, to drain it");
        if (!port.lacp || !port.distributing) continue;
        if (port.lacp->txtest) lines.push_back(port.name + ": txtest holds its LACPDUs back");
        if (port.lacp->rxtest) lines.push_back(port.name + ": rxtest drops the LACPDUs that come");
    }
    const size_t carrying = distributing_ports(lagg);
    if (carrying > 0 && carrying < lagg.min_links)
        lines.push_back(
            fmt::format("{} of min_links {} ports distribute", carrying, lagg.min_links));
    return lines;
}

void explain(Lagg &lagg) {
    lagg.warnings = warnings(lagg);
    for (Port &port : lagg.ports)
        port.why = explain(lagg, port);
}

} // namespace lagg::api
