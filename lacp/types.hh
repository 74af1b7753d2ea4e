// The vocabulary of the protocol: identifiers, the state octet, parameters
// (802.1AX-2014 6.4.1-6.4.8).
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace lagg::lacp {

/// A point in time on the caller's monotonic clock. The core never reads a clock.
using Duration = std::chrono::nanoseconds;
struct Time {
    Duration since_start{};
    constexpr auto operator<=>(const Time &) const = default;
    constexpr Time operator+(Duration d) const { return {since_start + d}; }
    constexpr Duration operator-(Time other) const { return since_start - other.since_start; }
};

/// Most Aggregation Ports one System holds. FreeBSD's lagg(4) has the same limit.
inline constexpr size_t kMaxPorts = 32;

// Timer values of 802.1AX 6.4.4.
inline constexpr Duration kFastPeriodicTime = std::chrono::seconds(1);
inline constexpr Duration kSlowPeriodicTime = std::chrono::seconds(30);
inline constexpr Duration kShortTimeoutTime = std::chrono::seconds(3);
inline constexpr Duration kLongTimeoutTime = std::chrono::seconds(90);
inline constexpr Duration kChurnDetectionTime = std::chrono::seconds(60); ///< default
inline constexpr Duration kAggregateWaitTime = std::chrono::seconds(2);
/// At most this many LACPDUs leave a port in any Fast_Periodic_Time.
inline constexpr int kTransmitLimit = 3;

using MacAddress = std::array<uint8_t, 6>;
using Key = uint16_t;
/// Identifies an Aggregation Port within its System; never 0.
using PortNumber = uint16_t;

/// A numerically lower System Identifier has the higher priority: compare priority, then address.
struct SystemId {
    uint16_t priority = 0;
    MacAddress address{};
    auto operator<=>(const SystemId &) const = default;
};

/// A numerically lower Port Identifier has the higher priority.
struct PortId {
    uint16_t priority = 0;
    PortNumber number = 0;
    auto operator<=>(const PortId &) const = default;
};

/// The state octet (6.4.2.3, Actor_State): one bool a bit, bit 0 first.
struct State {
    bool activity = false;        ///< Active LACP
    bool timeout = false;         ///< Short Timeout
    bool aggregation = false;     ///< Aggregatable
    bool synchronization = false; ///< IN_SYNC
    bool collecting = false;
    bool distributing = false;
    bool defaulted = false;
    bool expired = false;
    bool operator==(const State &) const = default;
};
uint8_t to_octet(State state);
State state_from_octet(uint8_t octet);

/// What one end of a link says of itself: the Actor or Partner block of a LACPDU, oper values.
struct PortInformation {
    SystemId system;
    Key key = 0;
    PortId port;
    State state;
    bool operator==(const PortInformation &) const = default;
};

enum class RxState { INITIALIZE, PORT_DISABLED, EXPIRED, LACP_DISABLED, DEFAULTED, CURRENT };
enum class PeriodicState { NO_PERIODIC, FAST_PERIODIC, SLOW_PERIODIC, PERIODIC_TX };
/// COLLECTING_DISTRIBUTING belongs to coupled control; the others to both or to independent
/// control.
enum class MuxState {
    DETACHED,
    WAITING,
    ATTACHED,
    COLLECTING,
    DISTRIBUTING,
    COLLECTING_DISTRIBUTING
};
enum class ChurnState { MONITOR, NO_CHURN, CHURN };
enum class Selected { UNSELECTED, SELECTED, STANDBY };

/// How the active Aggregator is chosen when ports lead to several partners (the standard leaves it
/// open; a lagg shows one of its Aggregators to its client).
enum class AggregatorChoice {
    STABLE,           ///< keep the active one while it has a port that can carry traffic
    BANDWIDTH,        ///< the highest sum of port speeds
    COUNT,            ///< the most ports
    PARTNER_PRIORITY, ///< the partner with the numerically lowest System Identifier
};

/// What to do when no partner speaks on any port for a while. The values are those of a
/// Partner_Admin that takes the place of the configured one.
enum class Fallback {
    NONE,       ///< keep waiting
    STATIC,     ///< take all ports for one aggregate whose partner is ready for everything
    INDIVIDUAL, ///< take every partner for Individual: one port carries traffic
};

/// Parameters of the System and of its Aggregators.
struct SystemParameters {
    SystemId system{32768, {}};
    /// Coupled control enters COLLECTING_DISTRIBUTING at once (6.4.15, figure for coupled control).
    bool coupled_control = false;
    AggregatorChoice aggregator_choice = AggregatorChoice::STABLE;
    /// Most ports the Aggregator may use; the rest are STANDBY. 0 means no limit.
    uint16_t max_links = 0;
    /// Whether a preferred port that comes back replaces the one that stood in for it.
    bool revertive = true;
    /// How long a port that failed must work again before it is used, unless nothing else works
    /// (aAggPortWTRTime). 0 means at once.
    Duration wait_to_restore{};
    Duration churn_detection_time = kChurnDetectionTime;
    Fallback fallback = Fallback::NONE;
    /// Silence on all ports before `fallback` comes into force.
    Duration fallback_time = std::chrono::seconds(10);
    /// Tens of microseconds, announced in every LACPDU.
    uint16_t collector_max_delay = 0;
    bool operator==(const SystemParameters &) const = default;
};

/// Parameters of one Aggregation Port (admin values).
struct PortParameters {
    bool lacp_enabled = true;
    /// LACP_Activity: true sends unasked, false answers an active partner only.
    bool active = true;
    /// LACP_Timeout: true asks the partner to send every second and expires after 3 s, false 30 s
    /// and 90 s.
    bool short_timeout = false;
    bool aggregatable = true;
    /// STANDBY whatever else: out of sync, still speaking. For a port that is to be taken out.
    bool drained = false;
    uint16_t port_priority = 32768;
    Key key = 1;
    /// Partner_Admin values: what is assumed of a partner that has not spoken. All zero is the
    /// pessimistic default (lagg(4) lacp_strict); AGG|SYNC|COL|DIST is the optimistic one.
    PortInformation partner_admin{};
    bool operator==(const PortParameters &) const = default;
};

} // namespace lagg::lacp
