// Any bytes as a life of one System: parameters, then events with the time that passes before each.
// The promises of lagglab/sim/promise_watch.hh hold at every step. Frames are made so that a
// partner which agrees is a few bytes away, else no port would ever carry traffic.
#include "lagglab/sim/promise_watch.hh"
#include "tests/fuzz/require.hh"

#include "lacp/marker.hh"

#include <algorithm>
#include <array>
#include <vector>

namespace lagg::fuzz {
namespace {

using namespace lacp;

constexpr PortNumber kPorts = 4;
constexpr int kMostEvents = 300;
constexpr MacAddress kOurs{0x02, 0, 0, 0, 0, 1};

/// The input, byte by byte; zeros behind its end.
class Bytes {
  public:
    explicit Bytes(std::span<const uint8_t> bytes) : bytes_(bytes) {}
    bool is_empty() const { return at_ >= bytes_.size(); }
    uint8_t next() { return is_empty() ? uint8_t{0} : bytes_[at_++]; }
    bool bit() { return (next() & 1U) != 0; }
    std::span<const uint8_t> rest(size_t most) {
        const auto taken = bytes_.subspan(at_, std::min(most, bytes_.size() - at_));
        at_ += taken.size();
        return taken;
    }

  private:
    std::span<const uint8_t> bytes_;
    size_t at_ = 0;
};

class Life {
  public:
    explicit Life(Bytes bytes) : bytes_(bytes), watch_(some_system(), Time{}) {}

    void live() {
        for (int i = 0; i < kMostEvents && !bytes_.is_empty(); ++i) {
            now_ = now_ + some_time();
            catch_up();
            happen(bytes_.next());
        }
    }

  private:
    SystemParameters some_system() {
        SystemParameters p;
        p.system = {bytes_.next(), kOurs};
        const uint8_t flags = bytes_.next();
        p.coupled_control = (flags & 1U) != 0;
        p.revertive = (flags & 2U) != 0;
        p.aggregator_choice = static_cast<AggregatorChoice>(flags >> 2U & 3U);
        p.fallback = static_cast<Fallback>((flags >> 4U) % 3);
        p.max_links = bytes_.next() % 4;
        p.wait_to_restore = seconds(bytes_.next() % 8);
        p.churn_detection_time = seconds(1 + bytes_.next() % 60);
        p.fallback_time = seconds(1 + bytes_.next() % 10);
        return p;
    }
    PortParameters some_port() {
        PortParameters p;
        const uint8_t flags = bytes_.next();
        p.lacp_enabled = (flags & 7U) != 7;
        p.active = (flags & 8U) == 0;
        p.short_timeout = (flags & 16U) != 0;
        p.aggregatable = (flags & 32U) == 0;
        p.drained = (flags & 64U) != 0;
        p.port_priority = bytes_.next() % 4;
        p.key = bytes_.next() % 3;
        p.partner_admin.state = state_from_octet(bytes_.next());
        return p;
    }
    /// A time from a microsecond to half an hour; each byte is a power of two.
    Duration some_time() { return std::chrono::microseconds(uint64_t{1} << bytes_.next() % 32); }

    /// Timers fire in time or late, as the input likes; at most as often as they can be due.
    void catch_up() {
        if (bytes_.bit()) return;
        for (int i = 0; i < 50; ++i) {
            const auto deadline = watch_.next_deadline();
            if (!deadline || now_ < *deadline) return;
            const Time due = std::max(*deadline, last_);
            step_at(due, TimePassed{});
        }
    }
    void step(const Event &event) { step_at(now_, event); }
    void step_at(Time time, const Event &event) {
        last_ = time;
        require(watch_.step(time, event), watch_.violation().c_str());
    }

    void happen(uint8_t what) {
        const auto port = static_cast<PortNumber>(1 + bytes_.next() % kPorts);
        const bool is_there = watch_.port(port) != nullptr;
        switch (what % 12) {
        case 0:
            if (!is_there) step(PortAdded{port, address_of(port), some_port()});
            return;
        case 1: return step(PortRemoved{port});
        case 2: return step(PortLeaving{port});
        case 3: return step(PortReturning{port});
        case 4: return step(PortParametersChanged{port, some_port()});
        case 5: return step(SystemParametersChanged{some_system()});
        case 6: return link_changed(port);
        case 7: return ask_marker(port);
        case 8: return step(TimePassed{});
        case 9: return step(SlowFrameReceived{port, bytes_.rest(bytes_.next())});
        case 10: return receive_marker(port);
        default: return receive_lacpdu(port);
        }
    }
    static MacAddress address_of(PortNumber port) {
        return {0x02, 0, 0, 0, 0x10, static_cast<uint8_t>(port)};
    }
    void link_changed(PortNumber port) {
        const uint8_t flags = bytes_.next();
        step(LinkChanged{port, (flags & 1U) != 0, (flags & 2U) == 0, uint32_t{flags} >> 2U});
    }
    /// As the callers do: once a second, so that the limit of slow-protocol frames is kept.
    void ask_marker(PortNumber port) {
        if (now_ - asked_[port] < seconds(1)) return;
        asked_[port] = now_;
        step(MarkerRequested{port, bytes_.next()});
    }
    void receive_marker(PortNumber port) {
        const MacAddress requester = bytes_.bit() ? kOurs : MacAddress{0x02, 0, 0, 0, 0, 2};
        step(SlowFrameReceived{
            port, encode(MarkerPdu{bytes_.bit(), bytes_.next(), requester, bytes_.next()}, {})});
    }
    void receive_lacpdu(PortNumber port) {
        Lacpdu pdu;
        const uint8_t who = bytes_.next();
        pdu.actor.system = {who, {0x02, 0, 0, 0, 0, static_cast<uint8_t>(1 + who % 3)}};
        pdu.actor.key = who >> 6U;
        pdu.actor.port = {bytes_.next(), port};
        pdu.actor.state = state_from_octet(bytes_.next());
        if (const PortSnapshot *known = watch_.port(port)) pdu.partner = known->actor;
        if (bytes_.next() % 4 == 0) pdu.partner.key = bytes_.next();
        step(SlowFrameReceived{port, encode(pdu, {})});
    }

    using seconds = std::chrono::seconds;
    Bytes bytes_;
    sim::Watch watch_;
    Time now_;
    Time last_;
    std::array<Time, kPorts + 1> asked_{};
};

} // namespace
} // namespace lagg::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lagg::fuzz::Life(lagg::fuzz::Bytes({data, size})).live();
    return 0;
}
