// A System whose promises are checked after every step, whatever happens to it.
//
// The promises hold in any state and after any event, so the simulation and the fuzz target of
// events share them.
#pragma once

#include "lacp/lacpdu.hh"
#include "lacp/system.hh"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace lagg::sim {

/// Highest port number a Watch can follow.
inline constexpr lacp::PortNumber kHighestPort = 64;

/// Texts of the core are static, but not the same pointer everywhere.
inline bool is_same(std::string_view a, std::string_view b) {
    return a == b;
}

/// The event when it is a T and of this port, else null.
template <class T> const T *event_of(const lacp::Event &event, lacp::PortNumber port) {
    const T *value = std::get_if<T>(&event);
    return value != nullptr && value->port == port ? value : nullptr;
}

/// One System under watch.
class Watch final : private lacp::ActionSink {
  public:
    Watch(const lacp::SystemParameters &parameters, lacp::Time now);

    /// One step of the System. False once a promise is broken; violation() says which.
    bool step(lacp::Time now, const lacp::Event &event);

    /// Actions of the last step, in order.
    const std::vector<lacp::Action> &actions() const { return actions_; }
    const lacp::SystemSnapshot &snapshot() const { return snapshot_; }
    /// Nothing for a port that is not there.
    const lacp::PortSnapshot *port(lacp::PortNumber number) const;
    std::optional<lacp::Time> next_deadline() const { return system_.next_deadline(); }
    const std::string &violation() const { return violation_; }

  private:
    /// The times of the last frames, to count those of any second.
    template <size_t Limit> struct Window {
        std::array<lacp::Time, Limit> times{};
        size_t count = 0;
        /// True when this one is more than Limit in a second.
        bool note(lacp::Time now) {
            const bool over =
                count >= Limit && now - times[count % Limit] < lacp::kFastPeriodicTime;
            times[count++ % Limit] = now;
            return over;
        }
    };
    /// The news of a port since it was added, and its state before this step.
    struct Record {
        bool collecting = false;
        bool distributing = false;
        bool detached = false; ///< in this step
        const char *rx = "INITIALIZE";
        const char *mux = "DETACHED";
        const char *selected = "UNSELECTED";
        const char *actor_churn = "MONITOR";
        const char *partner_churn = "MONITOR";
        lacp::Time waiting_since;
        Window<lacp::kTransmitLimit> lacpdus;
        Window<10> frames;
        unsigned sent_lacpdus = 0; ///< in this step, as are the next two
        unsigned sent_markers = 0;
        unsigned sent_responses = 0;
        std::optional<lacp::Lacpdu> last_sent;
        bool told_sync = false; ///< in the last LACPDU sent in any step
    };

    void on_action(const lacp::Action &action) override { actions_.push_back(action); }
    void require(bool holds, const char *what, lacp::PortNumber port = 0);

    static bool may_be_farewell(const lacp::PortSnapshot &port, const lacp::Event &event);
    void begin_step();
    void follow(const lacp::Action &action, const lacp::Event &event);
    void follow(const lacp::SendFrame &send, const lacp::Event &event);
    void follow(const lacp::PortMembership &membership);
    void follow(const lacp::StateChanged &change);
    void follow_mux(Record &record, const lacp::StateChanged &change);
    void check_system();
    void check_deadline();
    void check_port(const lacp::PortSnapshot &port, const lacp::Event &event);
    void check_receive(const lacp::PortSnapshot &port);
    void check_mux(const lacp::PortSnapshot &port);
    void check_membership(const lacp::PortSnapshot &port);
    void check_told(const lacp::PortSnapshot &port);
    void check_sent(const lacp::PortSnapshot &port, const lacp::Event &event);
    void check_silence(const lacp::PortSnapshot &port, const lacp::Event &event);
    void check_idle_change(const lacp::Event &event, bool was_due);
    void check_move(const lacp::PortSnapshot &before, const lacp::PortSnapshot &port);
    void check_counters(const lacp::PortSnapshot &before, const lacp::PortSnapshot &port,
                        const lacp::Event &event);
    void check_aggregators();
    const lacp::PortSnapshot *before(lacp::PortNumber number) const;

    lacp::System system_;
    lacp::Time now_;
    std::vector<lacp::Action> actions_;
    lacp::SystemSnapshot snapshot_;
    lacp::SystemSnapshot before_;
    std::array<Record, kHighestPort + 1> records_{};
    uint16_t active_told_ = 0;
    std::string violation_;
};

} // namespace lagg::sim
