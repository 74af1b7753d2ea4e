// Several Systems and the cables between them, in virtual time. What happens is decided by the
// caller; the world delivers, delays and loses, and keeps every System under watch.
#pragma once

#include "lagglab/sim/promise_watch.hh"
#include "lagglab/sim/random.hh"

#include "lacp/slow_protocol.hh"

#include <algorithm>
#include <array>
#include <deque>
#include <iosfwd>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace lagg::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Ports a node may have, numbered from 1.
inline constexpr lacp::PortNumber kPortsOfNode = 10;

struct End {
    size_t node = 0;
    lacp::PortNumber port = 0;
    bool operator==(const End &) const = default;
};

/// One direction of a cable.
struct Path {
    lacp::Duration delay = std::chrono::microseconds(100);
    lacp::Duration jitter{}; ///< frames may overtake each other within it
    unsigned loss_percent = 0;
    unsigned duplicate_percent = 0;
    bool cut = false; ///< everything is lost and nobody is told
    bool is_clean() const {
        return loss_percent == 0 && duplicate_percent == 0 && !cut && jitter.count() == 0;
    }
};

struct Cable {
    std::array<End, 2> ends;   ///< both the same where a port hears itself
    std::array<Path, 2> paths; ///< paths[i] leads away from ends[i]
    bool carrier = true;
    bool full_duplex = true;
    uint32_t speed_mbps = 10000;

    /// The time in which one end distributes and the other does not collect.
    struct Blackhole {
        std::optional<lacp::Time> since;
        bool negotiated = false; ///< and not assumed by Partner_Admin or fallback
    };
    std::array<Blackhole, 2> blackholes;
    lacp::Time disturbed; ///< until when a fault was near
    bool is_looped() const { return ends[0].node == ends[1].node; }
};

struct Port {
    bool present = false;
    bool leaving = false;
    lacp::PortParameters parameters;
    std::optional<size_t> cable;
    bool link_up = false; ///< as last told
};

struct Node {
    lacp::SystemParameters parameters;
    std::optional<Watch> watch; ///< nothing while the daemon is down
    std::array<Port, kPortsOfNode + 1> ports;
    lacp::Duration clock_offset{}; ///< of its clock to the world's
    lacp::Duration lateness{};     ///< of its timers
    std::optional<lacp::Time> stalled_until;
    std::optional<lacp::Time> starts_at;
    struct Pending {
        lacp::Event event;
        lacp::Frame frame;
    };
    std::deque<Pending> pending;        ///< what a stalled protocol thread finds when it goes on
    std::optional<lacp::Time> deadline; ///< in the world's time
};

/// Figures of a run, to be printed and to tell two runs apart.
struct Statistics {
    uint64_t steps = 0;
    uint64_t frames = 0;
    uint64_t digest = 0xcbf29ce484222325; ///< of all actions in their order
    lacp::Duration longest_clean_blackhole{};
    lacp::Duration longest_blackhole{};
    lacp::Duration convergence{}; ///< from the last fault to the last change
};

class World {
  public:
    /// `trace` gets a line for everything that happens; may be null.
    World(uint64_t seed, std::ostream *trace);

    // Building.
    size_t add_node(const lacp::SystemParameters &parameters);
    void add_port(End end, const lacp::PortParameters &parameters);
    /// Lays a cable between two ports without one.
    void lay_cable(End a, End b);

    // Events, and changes of the network.
    void step(size_t node, const lacp::Event &event);
    void remove_port(End end);
    void set_carrier(size_t cable, bool carrier);
    void set_path(size_t cable, size_t from_end, const Path &path);
    /// Both ends of the cable lead to `a` and `b` from now on.
    void move_cable(size_t cable, End a, End b);
    void stall(size_t node, lacp::Duration duration);
    /// The daemon dies without a word, and its successor starts after `pause`.
    void restart(size_t node, lacp::Duration pause);
    void jump_clock(size_t node, lacp::Duration ahead);
    void receive(End end, std::span<const uint8_t> frame);
    /// Loses the frames that are under way.
    void drop_flights() { flights_.clear(); }
    void disturb(size_t cable) { disturb(cable, now); }
    /// The same for all cables of a node, until `until`.
    void disturb_node(size_t node, lacp::Time until);

    void run_until(lacp::Time end);
    bool is_broken() const { return !violation.empty(); }
    void note(const std::string &text);
    /// The first broken promise ends the run.
    void fail(const std::string &what);

    const lacp::PortSnapshot *snapshot(End end) const;
    End far_end(const Cable &cable, End end) const;
    bool is_free(End end) const;

    lacp::Time now;
    Random random;
    std::vector<Node> nodes;
    std::vector<Cable> cables;
    Statistics statistics;
    std::string violation;  ///< the first one, with its time and place
    lacp::Time last_change; ///< of anything but churn, anywhere
    /// Recently sent, for those who hear what is not meant for them.
    std::deque<lacp::Frame> overheard;

  private:
    void disturb(size_t cable, lacp::Time until) {
        cables[cable].disturbed = std::max(cables[cable].disturbed, until);
    }
    struct Flight {
        lacp::Time arrival;
        uint64_t sequence;
        End to;
        lacp::Frame frame;
        bool operator<(const Flight &other) const {
            return std::tie(other.arrival, other.sequence) < std::tie(arrival, sequence);
        }
    };

    lacp::Time local(const Node &node) const { return now + node.clock_offset; }
    void start(size_t node);
    void resume(size_t node);
    void take(size_t node, const lacp::Event &event);
    void act(size_t node, const lacp::Action &action);
    void send(End from, const lacp::Frame &frame);
    void tell_link(End end);
    std::optional<lacp::Time> next_time() const;
    void run_due();
    void update_blackholes(size_t cable);
    void trace(size_t node, const std::string &text, bool is_event);
    void trace_states();
    void mix(uint64_t value) { statistics.digest = (statistics.digest ^ value) * 0x100000001b3; }

    std::vector<Flight> flights_; ///< a heap
    uint64_t sequence_ = 0;
    std::ostream *trace_;
};

} // namespace lagg::sim
