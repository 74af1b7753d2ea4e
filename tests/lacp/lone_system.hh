// One System whose partner is played by the test, LACPDU by LACPDU: the tester of a conformance
// suite. Timers fire exactly when they are due.
#pragma once

#include "tests/lacp/recorder.hh"

#include <gtest/gtest.h>

#include <algorithm>

namespace lagg::lacp {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

inline constexpr SystemId kOurs{0x8000, {0x02, 0, 0, 0, 0, 0x01}};
inline constexpr SystemId kTheirs{0x8000, {0x02, 0, 0, 0, 0, 0x99}};
inline constexpr MacAddress kTheirPort{0x02, 0, 0, 0, 0x99, 0x01};

class LoneSystem {
  public:
    explicit LoneSystem(SystemParameters parameters = {})
        : system([&] {
              parameters.system = kOurs;
              return System(parameters, Time{});
          }()) {}

    void step(const Event &event) { system.step(now, event, recorder); }

    void add(PortNumber port, PortParameters parameters = {}, uint32_t speed_mbps = 10000) {
        step(PortAdded{port, {0x02, 0, 0, 0, 0x01, static_cast<uint8_t>(port)}, parameters});
        link(port, true, speed_mbps);
    }
    void link(PortNumber port, bool up, uint32_t speed_mbps = 10000) {
        step(LinkChanged{port, up, true, speed_mbps});
    }

    /// Lets time go on, firing every timer on its way.
    void run(milliseconds duration) {
        const Time end = now + duration;
        while (true) {
            const std::optional<Time> deadline = system.next_deadline();
            if (!deadline || end < *deadline) break;
            now = *deadline;
            step(TimePassed{});
        }
        now = end;
        step(TimePassed{});
    }

    PortSnapshot port(PortNumber number) const {
        for (const PortSnapshot &p : system.snapshot().ports) {
            if (p.number == number) return p;
        }
        ADD_FAILURE() << "no port " << number;
        return {};
    }

    /// The LACPDU that a well-behaved, active partner with the long timeout would send now.
    Lacpdu reply(PortNumber number, SystemId partner = kTheirs) const {
        Lacpdu pdu;
        pdu.actor.system = partner;
        pdu.actor.key = 7;
        pdu.actor.port = {0x80, static_cast<PortNumber>(100 + number)};
        pdu.actor.state = state_from_octet(0x3d);
        pdu.partner = port(number).actor;
        return pdu;
    }
    void receive(PortNumber number, const Lacpdu &pdu) {
        const Frame frame = encode(pdu, kTheirPort);
        step(SlowFrameReceived{number, frame});
    }
    void receive_reply(PortNumber number) { receive(number, reply(number)); }

    /// Negotiates until the port carries traffic: 2 s of wait_while.
    void bring_up(PortNumber number) {
        receive_reply(number);
        run(2000ms);
        receive_reply(number);
    }

    System system;
    Recorder recorder;
    Time now;
};

} // namespace lagg::lacp
