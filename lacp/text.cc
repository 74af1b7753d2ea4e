// Names to text, in the standard's spelling.
#include "lacp/text.hh"

#include <cassert>
#include <cstdio>

namespace lagg::lacp {

const char *to_text(RxState state) {
    switch (state) {
    case RxState::INITIALIZE: return "INITIALIZE";
    case RxState::PORT_DISABLED: return "PORT_DISABLED";
    case RxState::EXPIRED: return "EXPIRED";
    case RxState::LACP_DISABLED: return "LACP_DISABLED";
    case RxState::DEFAULTED: return "DEFAULTED";
    case RxState::CURRENT: return "CURRENT";
    }
    assert(false);
    return "";
}

const char *to_text(PeriodicState state) {
    switch (state) {
    case PeriodicState::NO_PERIODIC: return "NO_PERIODIC";
    case PeriodicState::FAST_PERIODIC: return "FAST_PERIODIC";
    case PeriodicState::SLOW_PERIODIC: return "SLOW_PERIODIC";
    case PeriodicState::PERIODIC_TX: return "PERIODIC_TX";
    }
    assert(false);
    return "";
}

const char *to_text(MuxState state) {
    switch (state) {
    case MuxState::DETACHED: return "DETACHED";
    case MuxState::WAITING: return "WAITING";
    case MuxState::ATTACHED: return "ATTACHED";
    case MuxState::COLLECTING: return "COLLECTING";
    case MuxState::DISTRIBUTING: return "DISTRIBUTING";
    case MuxState::COLLECTING_DISTRIBUTING: return "COLLECTING_DISTRIBUTING";
    }
    assert(false);
    return "";
}

const char *to_text(ChurnState state) {
    switch (state) {
    case ChurnState::MONITOR: return "MONITOR";
    case ChurnState::NO_CHURN: return "NO_CHURN";
    case ChurnState::CHURN: return "CHURN";
    }
    assert(false);
    return "";
}

const char *to_text(Selected selected) {
    switch (selected) {
    case Selected::UNSELECTED: return "UNSELECTED";
    case Selected::SELECTED: return "SELECTED";
    case Selected::STANDBY: return "STANDBY";
    }
    assert(false);
    return "";
}

std::string flags_text(State state) {
    const unsigned octet = to_octet(state);
    std::string text = "ASGNCDFE";
    for (unsigned bit = 0; bit < 8; ++bit) {
        if ((octet >> bit & 1U) == 0) text[bit] = '-';
    }
    return text;
}

std::string to_text(const SystemId &system) {
    const MacAddress &a = system.address;
    char text[sizeof "8000,02-00-00-aa-00-01"];
    std::snprintf(text, sizeof text, "%04x,%02x-%02x-%02x-%02x-%02x-%02x", system.priority, a[0],
                  a[1], a[2], a[3], a[4], a[5]);
    return text;
}

} // namespace lagg::lacp
