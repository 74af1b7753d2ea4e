#include "lacp/transcript.hh"

#include "lacp/lacpdu.hh"
#include "lacp/marker.hh"
#include "lacp/text.hh"

#include <cassert>

namespace lagg::lacp {

namespace {

std::string port_text(PortNumber port) {
    return "port " + std::to_string(port);
}

const char *machine_name(StateChanged::Machine machine) {
    using enum StateChanged::Machine;
    switch (machine) {
    case RX: return "rx";
    case MUX: return "mux";
    case SELECTION: return "selection";
    case ACTOR_CHURN: return "actor churn";
    case PARTNER_CHURN: return "partner churn";
    case AGGREGATOR: return "active aggregator";
    case FALLBACK: return "fallback";
    }
    assert(false);
    return "";
}

std::string lacpdu_text(const Lacpdu &pdu) {
    return flags_text(pdu.actor.state) + ", partner " + flags_text(pdu.partner.state) + ' ' +
           to_text(pdu.partner.system);
}

std::string marker_text(const MarkerPdu &pdu) {
    return std::string(pdu.response ? "the answer to marker " : "marker ") +
           std::to_string(pdu.transaction_id);
}

std::string frame_text(std::span<const uint8_t> frame) {
    switch (classify(frame)) {
    case SlowProtocol::LACP:
        if (const auto pdu = decode_lacpdu(frame)) return lacpdu_text(*pdu);
        break;
    case SlowProtocol::MARKER:
        if (const auto pdu = decode_marker(frame)) return marker_text(*pdu);
        break;
    case SlowProtocol::UNKNOWN: return "a frame of another protocol";
    case SlowProtocol::ILLEGAL: break;
    }
    return "a bad frame of " + std::to_string(frame.size()) + " octets";
}

std::string parameters_text(const PortParameters &p) {
    std::string text = "key " + std::to_string(p.key) + ", priority " +
                       std::to_string(p.port_priority) + (p.active ? ", active" : ", passive") +
                       (p.short_timeout ? ", fast" : ", slow");
    if (!p.lacp_enabled) text += ", LACP disabled";
    if (!p.aggregatable) text += ", individual";
    if (p.drained) text += ", drained";
    if (p.partner_admin != PortInformation{})
        text += ", partner admin " + flags_text(p.partner_admin.state) + ' ' +
                to_text(p.partner_admin.system);
    return text;
}

const char *choice_text(AggregatorChoice choice) {
    switch (choice) {
    case AggregatorChoice::STABLE: return "stable";
    case AggregatorChoice::BANDWIDTH: return "bandwidth";
    case AggregatorChoice::COUNT: return "count";
    case AggregatorChoice::PARTNER_PRIORITY: return "partner priority";
    }
    assert(false);
    return "";
}

std::string parameters_text(const SystemParameters &p) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    std::string text = to_text(p.system) + (p.coupled_control ? ", coupled" : ", independent") +
                       ", choice " + choice_text(p.aggregator_choice);
    if (p.max_links != 0) text += ", max links " + std::to_string(p.max_links);
    if (!p.revertive) text += ", not revertive";
    if (p.wait_to_restore != Duration{})
        text += ", wait to restore " +
                std::to_string(duration_cast<milliseconds>(p.wait_to_restore).count()) + " ms";
    if (p.fallback != Fallback::NONE)
        text += std::string(", fallback ") +
                (p.fallback == Fallback::STATIC ? "static" : "individual") + " after " +
                std::to_string(duration_cast<milliseconds>(p.fallback_time).count()) + " ms";
    return text;
}

// One overload an alternative, so that a new one does not compile until it has its line.
std::string text(const SendFrame &send) {
    return port_text(send.port) + " sends " + frame_text(send.frame);
}
std::string text(const PortMembership &m) {
    return port_text(m.port) + (m.collecting ? " collects," : " does not collect,") +
           (m.distributing ? " distributes" : " does not distribute");
}
std::string text(const MarkerAnswered &answered) {
    return port_text(answered.port) + ": marker " + std::to_string(answered.transaction_id) +
           " is answered";
}
std::string text(const StateChanged &change) {
    return (change.port != 0 ? port_text(change.port) + ' ' : "") + machine_name(change.machine) +
           ": " + change.from + " -> " + change.to + " (" + change.reason + ')';
}

std::string text(const PortAdded &event) {
    return port_text(event.port) + " is added: " + parameters_text(event.parameters);
}
std::string text(const PortRemoved &event) {
    return port_text(event.port) + " is removed";
}
std::string text(const PortLeaving &event) {
    return port_text(event.port) + " is leaving";
}
std::string text(const PortReturning &event) {
    return port_text(event.port) + " is returning";
}
std::string text(const PortParametersChanged &event) {
    return port_text(event.port) + " gets: " + parameters_text(event.parameters);
}
std::string text(const SystemParametersChanged &event) {
    std::string line = "system gets: " + parameters_text(event.parameters);
    for (const PortParametersChanged &port : event.ports)
        line += "; " + text(port);
    return line;
}
std::string text(const LinkChanged &event) {
    if (!event.up) return port_text(event.port) + " link down";
    return port_text(event.port) + " link up, " + std::to_string(event.speed_mbps) + " Mb/s" +
           (event.full_duplex ? "" : ", half duplex");
}
std::string text(const SlowFrameReceived &event) {
    return port_text(event.port) + " receives " + frame_text(event.frame);
}
std::string text(const MarkerRequested &event) {
    return port_text(event.port) + " is to send marker " + std::to_string(event.transaction_id);
}
std::string text(const TimePassed &) {
    return "time passes";
}

} // namespace

std::string to_text(const Action &action) {
    return std::visit([](const auto &a) { return text(a); }, action);
}

std::string to_text(const Event &event) {
    return std::visit([](const auto &e) { return text(e); }, event);
}

} // namespace lagg::lacp
