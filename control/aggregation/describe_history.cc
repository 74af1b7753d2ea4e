#include "control/aggregation/describe_history.hh"

#include "lacp/lacpdu.hh"
#include "lacp/marker.hh"
#include "lacp/text.hh"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>

namespace lagg::aggregation {

namespace {

using std::chrono::milliseconds;
using std::chrono::system_clock;

/// Where in time the observer stands.
struct Clock {
    lacp::Time now;
    system_clock::time_point wall_now;

    double seconds_ago(lacp::Time at) const {
        return std::chrono::duration<double>(now - at).count();
    }
    /// ISO 8601, UTC, with milliseconds.
    std::string wall(lacp::Time at) const {
        const auto then = std::chrono::floor<milliseconds>(
            wall_now - std::chrono::duration_cast<system_clock::duration>(now - at));
        const auto second = std::chrono::floor<std::chrono::seconds>(then);
        return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                           fmt::gmtime(system_clock::to_time_t(second)), (then - second).count());
    }
};

// ---- what changed from one LACPDU to the next

std::string changed_flags(const lacp::State &before, const lacp::State &after) {
    const std::string was = lacp::flags_text(before);
    const std::string is = lacp::flags_text(after);
    std::string text;
    for (size_t i = 0; i < is.size(); ++i) {
        if (was[i] == is[i]) continue;
        text += text.empty() ? "" : " ";
        text += was[i] == '-' ? std::string("+") + is[i] : std::string("-") + was[i];
    }
    return text;
}

/// Who it is: one field that changed is named with its values, several make it another one.
std::vector<std::string> changed_identity(const lacp::PortInformation &before,
                                          const lacp::PortInformation &after) {
    std::vector<std::string> changed;
    const auto number = [&](const char *field, unsigned was, unsigned is) {
        if (was != is) changed.push_back(fmt::format("{} {}>{}", field, was, is));
    };
    number("system priority", before.system.priority, after.system.priority);
    if (before.system.address != after.system.address)
        changed.push_back(fmt::format("system {}>{}", to_string(before.system.address),
                                      to_string(after.system.address)));
    number("key", before.key, after.key);
    number("port priority", before.port.priority, after.port.priority);
    number("port", before.port.number, after.port.number);
    if (changed.size() > 1) changed = {"is another"};
    return changed;
}

void compare(const char *end, const lacp::PortInformation &before,
             const lacp::PortInformation &after, std::vector<std::string> &changed) {
    for (const std::string &field : changed_identity(before, after))
        changed.push_back(fmt::format("{} {}", end, field));
    if (const std::string flags = changed_flags(before.state, after.state); !flags.empty())
        changed.push_back(fmt::format("{} {}", end, flags));
}

std::vector<std::string> compare(const lacp::Lacpdu &before, const lacp::Lacpdu &after) {
    std::vector<std::string> changed;
    compare("actor", before.actor, after.actor, changed);
    compare("partner", before.partner, after.partner, changed);
    if (before.collector_max_delay != after.collector_max_delay)
        changed.push_back(fmt::format("collector delay {}>{}", before.collector_max_delay,
                                      after.collector_max_delay));
    return changed;
}

// ---- one frame

/// The last LACPDU of each direction.
using Before = std::array<std::optional<lacp::Lacpdu>, 2>;

void describe_lacpdu(const KeptFrame &frame, Before &before, api::Pdu &out) {
    const std::optional<lacp::Lacpdu> pdu = lacp::decode_lacpdu(frame.kept());
    if (!pdu) {
        out.kind = "illegal";
        return;
    }
    out.kind = "LACPDU";
    out.actor = describe_end(pdu->actor);
    out.partner = describe_end(pdu->partner);
    out.collector_max_delay = pdu->collector_max_delay;
    std::optional<lacp::Lacpdu> &last = before[static_cast<size_t>(frame.direction)];
    if (last) out.changed = compare(*last, *pdu);
    last = pdu;
}

void describe_marker(const KeptFrame &frame, api::Pdu &out) {
    const std::optional<lacp::MarkerPdu> pdu = lacp::decode_marker(frame.kept());
    if (!pdu) {
        out.kind = "illegal";
        return;
    }
    out.kind = pdu->response ? "Marker Response" : "Marker";
    out.marker = api::MarkerInformation{.system = to_string(pdu->requester_system),
                                        .port = pdu->requester_port,
                                        .transaction = pdu->transaction_id};
}

api::Pdu describe(const KeptFrame &frame, const Clock &clock, Before &before) {
    api::Pdu out;
    out.time = clock.wall(frame.at);
    out.seconds_ago = clock.seconds_ago(frame.at);
    out.direction = frame.direction == Direction::SENT ? "tx" : "rx";
    out.length = frame.length;
    for (const uint8_t octet : frame.kept())
        out.hex += fmt::format("{:02x}", octet);
    switch (lacp::classify(frame.kept())) {
    case lacp::SlowProtocol::LACP: describe_lacpdu(frame, before, out); break;
    case lacp::SlowProtocol::MARKER: describe_marker(frame, out); break;
    case lacp::SlowProtocol::UNKNOWN: out.kind = "unknown"; break;
    case lacp::SlowProtocol::ILLEGAL: out.kind = "illegal"; break;
    }
    return out;
}

api::Transition describe(const KeptTransition &transition, const Clock &clock) {
    return {.time = clock.wall(transition.at),
            .seconds_ago = clock.seconds_ago(transition.at),
            .machine = transition.machine,
            .from = transition.from,
            .to = transition.to,
            .reason = transition.reason};
}

} // namespace

api::LacpEnd describe_end(const lacp::PortInformation &end) {
    return {.system_priority = end.system.priority,
            .system = to_string(end.system.address),
            .key = end.key,
            .port_priority = end.port.priority,
            .port = end.port.number,
            .flags = api::LacpFlags(lacp::to_octet(end.state))};
}

api::PortHistory describe_history(const Aggregate &aggregate, const Member &member, lacp::Time now,
                                  system_clock::time_point wall_now) {
    const Clock clock{now, wall_now};
    api::PortHistory out{
        .lagg = aggregate.config().name, .port = member.name, .transitions = {}, .pdus = {}};
    const auto &transitions = member.history.transitions();
    for (size_t i = 0; i < transitions.size(); ++i)
        out.transitions.push_back(describe(transitions.at(i), clock));
    Before before;
    const auto &frames = member.history.frames();
    for (size_t i = 0; i < frames.size(); ++i)
        out.pdus.push_back(describe(frames.at(i), clock, before));
    return out;
}

} // namespace lagg::aggregation
