#include "control/aggregation/history.hh"

#include "lacp/slow_protocol.hh"

#include <cassert>

namespace lagg::aggregation {

void PortHistory::add(lacp::Time at, const lacp::StateChanged &change) {
    transitions_.add({at, to_text(change.machine), change.from, change.to, change.reason});
}

void PortHistory::add_link(lacp::Time at, bool up, const char *told_by) {
    transitions_.add({at, "link", up ? "down" : "up", up ? "up" : "down", told_by});
}

void PortHistory::add(lacp::Time at, Direction direction, std::span<const uint8_t> frame) {
    KeptFrame kept{.at = at, .direction = direction, .length = static_cast<uint32_t>(frame.size())};
    std::copy_n(frame.begin(), std::min(frame.size(), KeptFrame::kMost), kept.octets.begin());
    frames_.add(kept);
    if (direction != Direction::RECEIVED || lacp::classify(frame) != lacp::SlowProtocol::LACP)
        return;
    if (const auto pdu = lacp::decode_lacpdu(frame)) last_received_ = pdu;
}

const char *to_text(lacp::StateChanged::Machine machine) {
    using enum lacp::StateChanged::Machine;
    switch (machine) {
    case RX: return "receive";
    case MUX: return "mux";
    case SELECTION: return "selection";
    case ACTOR_CHURN: return "actor churn";
    case PARTNER_CHURN: return "partner churn";
    case AGGREGATOR: return "aggregator";
    case FALLBACK: return "fallback";
    }
    assert(false);
    return "";
}

} // namespace lagg::aggregation
