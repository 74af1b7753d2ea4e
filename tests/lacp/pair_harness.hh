// Several Systems joined by simulated links, in virtual time: an hour of protocol costs no hour.
//
// A queue of frames in flight and the deadlines of the Systems say what happens next. After every
// step the promises of the core are checked, whatever the test is about.
#pragma once

#include "tests/lacp/recorder.hh"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <queue>
#include <set>

namespace lagg::lacp {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

class Network {
  public:
    struct End {
        size_t system;
        PortNumber port;
        auto operator<=>(const End &) const = default;
    };
    struct Sent {
        Time time;
        Frame frame;
    };

    size_t add_system(SystemParameters parameters) {
        nodes_.emplace_back(Node{System(parameters, now), {}, {}});
        return nodes_.size() - 1;
    }

    /// Adds the port at either end where it is missing, and brings the link up.
    void connect(End a, End b, PortParameters of_a = {}, PortParameters of_b = {},
                 uint32_t speed_mbps = 10000) {
        for (const auto &[end, parameters] : {std::pair{a, of_a}, {b, of_b}}) {
            speeds_[end] = speed_mbps;
            if (!has_port(end)) step(end.system, PortAdded{end.port, address_of(end), parameters});
        }
        peers_[a] = b;
        peers_[b] = a;
        set_link(a, true);
    }
    void set_link(End end, bool up) {
        for (const End e : {end, peers_.at(end)}) {
            up_[e] = up;
            step(e.system, LinkChanged{e.port, up, true, speeds_[e]});
        }
    }
    /// Loses whatever `from` sends, while the link stays up.
    void set_loss(End from, bool loss) { loss_[from] = loss; }

    /// The System forgets everything, as a restarted daemon does. Its links stay as they are.
    void restart(size_t system, SystemParameters parameters, PortParameters port = {}) {
        std::vector<PortNumber> numbers;
        for (const PortSnapshot &p : snapshot(system).ports)
            numbers.push_back(p.number);
        nodes_[system].core = System(parameters, now);
        for (const PortNumber number : numbers) {
            sent_[{system, number}].clear(); // the limit holds within one life
            step(system, PortAdded{number, address_of({system, number}), port});
            step(system,
                 LinkChanged{number, up_[{system, number}], true, speeds_[{system, number}]});
        }
    }

    void step(size_t system, const Event &event) {
        Node &node = nodes_[system];
        const size_t before = node.recorder.actions.size();
        node.core.step(now, event, node.recorder);
        for (size_t i = before; i < node.recorder.actions.size(); ++i) {
            if (const auto *send = std::get_if<SendFrame>(&node.recorder.actions[i])) {
                dispatch({system, send->port}, *send);
            }
        }
        check_promises(system);
    }

    void run(milliseconds duration) {
        const Time end = now + duration;
        while (const std::optional<Time> next = next_time()) {
            if (end < *next) break;
            now = *next;
            if (!flights_.empty() && flights_.top().arrival <= now) {
                deliver();
            } else {
                fire_timers();
            }
        }
        now = end;
    }
    /// Runs until `condition` holds; how long that took, in steps of 10 ms.
    template <class Condition> milliseconds run_until(Condition condition, milliseconds limit) {
        milliseconds passed{0};
        while (!condition()) {
            if (passed >= limit) {
                ADD_FAILURE() << "did not happen within " << limit.count() << " ms";
                break;
            }
            run(10ms);
            passed += 10ms;
        }
        return passed;
    }

    SystemSnapshot snapshot(size_t system) const { return nodes_[system].core.snapshot(); }
    PortSnapshot port(End end) const {
        for (const PortSnapshot &p : snapshot(end.system).ports) {
            if (p.number == end.port) return p;
        }
        ADD_FAILURE() << "no port " << end.port;
        return {};
    }
    bool distributing(End end) const { return port(end).distributing; }
    bool both_distributing(End end) const {
        return distributing(end) && distributing(peers_.at(end));
    }
    const std::vector<Sent> &sent(End end) { return sent_[end]; }
    Recorder &recorder(size_t system) { return nodes_[system].recorder; }

    Time now;
    Duration delay = 1ms;

  private:
    struct Node {
        System core;
        Recorder recorder;
        std::set<PortNumber> ports;
    };
    struct Flight {
        Time arrival;
        uint64_t sequence; ///< keeps frames that arrive together in order
        End to;
        Frame frame;
        bool operator<(const Flight &o) const {
            return std::tie(o.arrival, o.sequence) < std::tie(arrival, sequence);
        }
    };

    static MacAddress address_of(End end) {
        return {0x02, 0, 0, static_cast<uint8_t>(end.system), 0x10, static_cast<uint8_t>(end.port)};
    }
    bool has_port(End end) { return !nodes_[end.system].ports.insert(end.port).second; }

    void dispatch(End from, const SendFrame &send) {
        if (classify(send.frame) == SlowProtocol::LACP) check_limit(from);
        sent_[from].push_back({now, send.frame});
        const auto peer = peers_.find(from);
        if (peer == peers_.end() || loss_[from] || !up_[from]) return;
        flights_.push({now + delay, sequence_++, peer->second, send.frame});
    }
    std::optional<Time> next_time() const {
        std::optional<Time> next;
        if (!flights_.empty()) next = flights_.top().arrival;
        for (const Node &node : nodes_) {
            const std::optional<Time> deadline = node.core.next_deadline();
            if (deadline && (!next || *deadline < *next)) next = deadline;
        }
        return next;
    }
    void deliver() {
        const Flight flight = flights_.top();
        flights_.pop();
        if (up_[flight.to]) {
            step(flight.to.system, SlowFrameReceived{flight.to.port, flight.frame});
        }
    }
    void fire_timers() {
        for (size_t i = 0; i < nodes_.size(); ++i) {
            const std::optional<Time> deadline = nodes_[i].core.next_deadline();
            if (deadline && *deadline <= now) step(i, TimePassed{});
        }
    }

    /// At most three LACPDUs in any second; the farewell of a leaving port may be a fourth.
    void check_limit(End from) {
        const std::vector<Sent> &before = sent_[from];
        if (before.size() < 3 || port(from).leaving) return;
        EXPECT_GE(now - before[before.size() - 3].time, 1s) << "port " << from.port;
    }
    void check_promises(size_t system) {
        const SystemSnapshot s = snapshot(system);
        const PortSnapshot *carrier = nullptr;
        for (const PortSnapshot &p : s.ports) {
            EXPECT_LE(p.distributing, p.actor.state.distributing);
            EXPECT_LE(p.collecting, p.actor.state.collecting);
            if (!p.collecting) continue;
            EXPECT_TRUE(p.partner.state.synchronization);
            EXPECT_TRUE(p.actor.state.synchronization);
            EXPECT_TRUE(p.link_up);
            EXPECT_EQ(p.selected, Selected::SELECTED);
            EXPECT_EQ(p.aggregator, s.active_aggregator);
            EXPECT_FALSE(p.loopback);
            if (carrier != nullptr) {
                EXPECT_EQ(p.partner.system, carrier->partner.system);
                EXPECT_EQ(p.partner.key, carrier->partner.key);
                EXPECT_EQ(p.actor.key, carrier->actor.key);
            }
            carrier = &p;
        }
    }

    std::deque<Node> nodes_;
    std::map<End, End> peers_;
    std::map<End, bool> up_;
    std::map<End, bool> loss_;
    std::map<End, uint32_t> speeds_;
    std::map<End, std::vector<Sent>> sent_;
    std::priority_queue<Flight> flights_;
    uint64_t sequence_ = 0;
};

/// A System that only differs from others in the last octet of its address.
inline SystemParameters system_parameters(uint8_t last_octet) {
    SystemParameters parameters;
    parameters.system = {0x8000, {0x02, 0, 0, 0, 0, last_octet}};
    return parameters;
}

} // namespace lagg::lacp
