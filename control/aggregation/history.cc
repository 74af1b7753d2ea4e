#include "control/aggregation/history.hh"

#include "dataplane/frame/flow_key.hh"
#include "lacp/slow_protocol.hh"

#include <cassert>
#include <vector>

namespace lagg::aggregation {

void PortHistory::add(lacp::Time at, const lacp::StateChanged &change) {
    transitions_.add({at, to_text(change.machine), change.from, change.to, change.reason});
}

void PortHistory::add_link(lacp::Time at, bool up, const char *told_by) {
    transitions_.add({at, "link", up ? "down" : "up", up ? "up" : "down", told_by});
    pace_.begin_anew();
}

void PortHistory::add(lacp::Time at, Direction direction, std::span<const uint8_t> frame) {
    KeptFrame kept{.at = at, .direction = direction, .length = static_cast<uint32_t>(frame.size())};
    std::copy_n(frame.begin(), std::min(frame.size(), KeptFrame::kMost), kept.octets.begin());
    frames_.add(kept);
    if (direction != Direction::RECEIVED || lacp::classify(frame) != lacp::SlowProtocol::LACP)
        return;
    const auto pdu = lacp::decode_lacpdu(frame);
    if (!pdu) return;
    last_received_ = pdu;
    std::copy_n(frame.begin() + last_source_.size(), last_source_.size(), last_source_.begin());
    pace_.came(at, pdu->partner.state.timeout);
}

void PortHistory::add_tagged(lacp::Time at, std::span<const uint8_t> frame) {
    constexpr ptrdiff_t kAddresses = 12;
    constexpr ptrdiff_t kTag = 4;
    std::vector<uint8_t> bare(frame.begin(), frame.end());
    while (frame::is_tagged_slow_protocol(bare))
        bare.erase(bare.begin() + kAddresses, bare.begin() + kAddresses + kTag);
    if (lacp::classify(bare) != lacp::SlowProtocol::LACP) return;
    tagged_ = {.vlan = frame::parse(frame).outer_vlan, .at = at, .count = tagged_.count + 1};
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
