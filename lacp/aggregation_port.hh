// The variables of one Aggregation Port (802.1AX-2014 6.4.7, 6.4.8), shared by all its machines.
//
// A plain struct: the machines change it, System decides when each of them runs.
#pragma once

#include "lacp/lacpdu.hh"
#include "lacp/port_counters.hh"
#include "lacp/timer.hh"
#include "lacp/types.hh"

#include <optional>

namespace lagg::lacp {

/// Markers and Marker Responses a port may send in any second. Slow Protocols may send 10 frames a
/// second altogether (802.3 Annex 57A); this leaves LACPDUs their three and the farewell of a
/// leaving port.
inline constexpr size_t kMarkerLimit = 6;
static_assert(kMarkerLimit + kTransmitLimit + 1 <= 10);

/// An arrow of a machine's figure that is open: where it leads, and why (static text).
template <class State> struct Arrow {
    State to;
    const char *reason;
};
/// Nothing when the machine stays where it is.
template <class State> using Next = std::optional<Arrow<State>>;

/// What a partner in contact was last seen to want for a while.
enum class PartnerAttitude { UNKNOWN, AGREES, REFUSES };

/// One churn machine's variables; a port has one for the Actor and one for the Partner.
struct Churn {
    ChurnState state = ChurnState::MONITOR;
    Timer timer; ///< actor_churn_timer or partner_churn_timer
    uint32_t count = 0;
};

struct AggregationPort {
    PortNumber number = 0; ///< 0 marks an empty place
    MacAddress address{};
    PortParameters parameters;
    bool port_enabled = false;
    bool full_duplex = true; ///< as last reported while the link was up
    uint32_t speed_mbps = 0; ///< likewise; 0 when unknown
    bool leaving = false;    ///< told its partner good-bye: silent and DETACHED

    PortInformation actor;   ///< Actor_Oper values
    PortInformation partner; ///< Partner_Oper values
    /// Partner_Admin values in force: the configured ones, or those of the fallback.
    PortInformation partner_admin;

    RxState rx = RxState::INITIALIZE;
    PeriodicState periodic = PeriodicState::NO_PERIODIC;
    MuxState mux = MuxState::DETACHED;
    Churn actor_churn;
    Churn partner_churn;

    Selected selected = Selected::UNSELECTED;
    const char *selected_reason = "";
    uint16_t aggregator = 0; ///< kept while UNSELECTED until the mux machine has detached
    bool ready_n = false;
    bool ntt = false;
    bool told_sync = false; ///< Sync in the last LACPDU sent: the partner may send to us
    bool port_moved = false;
    PartnerAttitude attitude = PartnerAttitude::UNKNOWN;
    bool declined = false;          ///< we were in sync here for kPatienceTime, the partner was not
    bool watched_sync = false;      ///< the partner's Sync when attitude_timer was started
    bool failed = false;            ///< carried traffic once, and is not restored yet
    std::optional<Lacpdu> received; ///< waits for the receive machine during one step

    Timer current_while_timer;
    Timer periodic_timer;
    Timer wait_while_timer;
    Timer attitude_timer;
    Timer offer_timer;
    Timer restore_timer; ///< WTR_timer
    RateLimit<size_t{kTransmitLimit}> lacpdu_limit;
    RateLimit<kMarkerLimit> marker_limit;

    PortCounters counters;
    std::optional<Time> last_lacpdu_rx;
    std::optional<Time> last_lacpdu_tx;
    Time last_change;
    const char *last_change_reason = "";

    bool is_used() const { return number != 0; }
    /// Neither end of the link sends unless asked, so nobody ever does.
    bool is_both_passive() const { return !actor.state.activity && !partner.state.activity; }
    /// An Individual port is alone on its Aggregator.
    bool is_individual() const { return !actor.state.aggregation || !partner.state.aggregation; }
    /// The partner is our own System: the cable comes back to us.
    bool is_looped() const {
        return !actor.state.defaulted && partner.system.address == actor.system.address;
    }
    /// Could carry traffic: in contact, or allowed to send to a partner that does not speak.
    bool is_working() const {
        if (!port_enabled) return false;
        if (rx == RxState::CURRENT) return true;
        const bool lives_on_default = rx == RxState::DEFAULTED || rx == RxState::LACP_DISABLED;
        return lives_on_default && partner.state.synchronization;
    }
    bool is_attached() const { return mux != MuxState::DETACHED && mux != MuxState::WAITING; }

    void select(Selected value, const char *reason) {
        if (selected == value) return;
        selected = value;
        selected_reason = reason;
    }
};

} // namespace lagg::lacp
