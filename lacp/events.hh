// Everything that can happen to the core, and everything it can ask for.
//
// Any event is legal in any state: a frame can arrive after its port went down, because the two
// travel on different paths.
#pragma once

#include "lacp/types.hh"

#include <array>
#include <cstdint>
#include <span>
#include <variant>

namespace lagg::lacp {

struct PortAdded {
    PortNumber port;
    MacAddress address; ///< source address of its LACPDUs
    PortParameters parameters;
};
/// The port is gone at once; nothing more is sent. Send PortLeaving first where there is time.
struct PortRemoved {
    PortNumber port;
};
/// Sync, Collecting and Distributing are cleared and told to the partner in one last LACPDU, then
/// the port stays silent and DETACHED until PortRemoved, or until PortReturning takes it back.
struct PortLeaving {
    PortNumber port;
};
struct PortReturning {
    PortNumber port;
};
struct PortParametersChanged {
    PortNumber port;
    PortParameters parameters;
};
/// Parameters of the System, and at once those of ports that change with them: nothing is sent that
/// is made of old and new ones. Ports that nobody added are passed over.
struct SystemParametersChanged {
    SystemParameters parameters;
    std::span<const PortParametersChanged> ports = {}; ///< read during the call only
};
/// port_enabled of the standard: the link can carry frames.
struct LinkChanged {
    PortNumber port;
    bool up;
    bool full_duplex;    ///< a half-duplex port is Individual
    uint32_t speed_mbps; ///< 0 when unknown
};
/// A frame of ethertype 0x8809 as it came, from the destination address on, without FCS.
/// The bytes are read during the call only.
struct SlowFrameReceived {
    PortNumber port;
    std::span<const uint8_t> frame;
};
/// Send a Marker PDU, to learn when the partner has received what was sent on the link before it
/// (6.5.4.1, the generator). Ignored on a port without link, and beyond the limit of Slow
/// Protocols.
struct MarkerRequested {
    PortNumber port;
    uint32_t transaction_id;
};
/// Time has reached next_deadline(), or simply goes on.
struct TimePassed {};

using Event = std::variant<PortAdded, PortRemoved, PortLeaving, PortReturning,
                           PortParametersChanged, SystemParametersChanged, LinkChanged,
                           SlowFrameReceived, MarkerRequested, TimePassed>;

/// LACPDUs and Marker PDUs all have this length, without FCS.
inline constexpr size_t kFrameLength = 124;

struct SendFrame {
    PortNumber port;
    std::array<uint8_t, kFrameLength> frame;
};
/// What the dataplane may do with the port from now on. Only ports of the active Aggregator are
/// ever collecting or distributing. Emitted on change only.
struct PortMembership {
    PortNumber port;
    bool collecting;
    bool distributing;
};
/// The partner answered a Marker of ours.
struct MarkerAnswered {
    PortNumber port;
    uint32_t transaction_id;
};
/// Why a machine moved, for logs and history: static text.
struct StateChanged {
    enum class Machine { RX, MUX, SELECTION, ACTOR_CHURN, PARTNER_CHURN, AGGREGATOR, FALLBACK };
    PortNumber port; ///< 0 for AGGREGATOR and FALLBACK
    Machine machine;
    const char *from;
    const char *to;
    const char *reason;
};

using Action = std::variant<SendFrame, PortMembership, MarkerAnswered, StateChanged>;

/// Receives the actions of one step, in order. Called during step() only; must not call back.
class ActionSink {
  public:
    virtual ~ActionSink() = default;
    virtual void on_action(const Action &action) = 0;
};

} // namespace lagg::lacp
