// Every lagg together, and the forwarding state made of them. Runs on the protocol thread; nothing
// in here waits for a device, a client or a disk.
#pragma once

#include "control/aggregation/aggregate.hh"
#include "control/api/snapshot.hh"
#include "control/kernel/carrier_watch.hh"
#include "dataplane/frame/flow_key.hh"
#include "dataplane/worker/fleet.hh"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lagg::aggregation {

/// What the engine wants of threads that may wait. Called on the protocol thread; must return at
/// once.
struct Hooks {
    /// Who waits above the lagg should be told whether it carries traffic.
    std::function<void(const std::string &lagg, std::shared_ptr<const upper::Carrier> told,
                       bool up)>
        carrier;
    /// Somebody did something to the kernel interface of a lagg: another name, another carrier,
    /// deleted, or it was us.
    std::function<void(const std::string &lagg)> interface_changed = [](const std::string &) {};
    /// Speed and duplex of the kernel interface behind a device are wanted: answer with
    /// Engine::set_speed.
    std::function<void(port::DeviceId device, unsigned interface_index)> speed;
    /// The device of a port is gone or dead and has to be opened anew; `why` completes "its
    /// device ...".
    std::function<void(const std::string &port, const std::string &why)> gone =
        [](const std::string &, const std::string &) {};
    /// The link of a port went down whose device may hold frames back until it returns.
    std::function<void(const std::string &port)> stale = [](const std::string &) {};
    /// Called every second or so, for as long as the protocol thread goes round.
    std::function<void()> alive = [] {};
    /// Takes what enters and leaves the LACP cores; may be null.
    recording::Recorder *recorder = nullptr;
};

class Engine {
  public:
    Engine(worker::Fleet &fleet, Hooks hooks);

    /// Brings laggs in line with what is wanted of them, and makes those that are new. The workers
    /// get one forwarding state for all of it, or none where nothing differs for them. Laggs that
    /// are not named stay as they are.
    void put(std::span<const WantedLagg> laggs, lacp::Time now);
    /// The lagg has to be there.
    WantedLagg in_force(const std::string &lagg) const;
    void remove_lagg(const std::string &name, lacp::Time now);
    /// Tells the lagg's carrier again, to an interface that lost what it was told.
    void tell_carrier(const std::string &lagg, lacp::Time now);
    /// Moves the port's flows away and takes it out of sync, or takes it back, besides what the
    /// configuration says. The error says why that is impossible.
    Result<void> set_drain(const std::string &lagg, const std::string &port, bool on,
                           lacp::Time now);
    /// LACPDUs that would be sent, or that come, are lost on purpose while it is on.
    Result<void> set_txtest(const std::string &lagg, const std::string &port, bool on,
                            lacp::Time now);
    Result<void> set_rxtest(const std::string &lagg, const std::string &port, bool on,
                            lacp::Time now);
    void detach(const std::string &lagg, const std::string &port, lacp::Time now);
    /// One port, or with an empty name all of them, tells its partner that it leaves.
    void leave(const std::string &lagg, const std::string &port, lacp::Time now);

    /// A port that left, and was not detached, belongs to its lagg again.
    void come_back(const std::string &lagg, const std::string &port, lacp::Time now);

    /// Takes what came since the last call, lets timers fire, publishes what changed.
    void run(lacp::Time now);
    /// When run() has to be called at the latest.
    lacp::Time next_deadline(lacp::Time now) const;

    void carrier_reported(kernel::Carrier carrier, lacp::Time now);
    /// Indexes of the kernel interfaces behind attached ports.
    std::vector<unsigned> interfaces() const;
    /// Some link may have changed: looks at what the watches of all ports know.
    void links_changed(lacp::Time now);
    /// As those of Aggregate.
    void pause(const std::string &lagg, const std::string &port, lacp::Time now);
    void resume(const std::string &lagg, const std::string &port,
                std::shared_ptr<port::LinkWatch> watch, std::vector<std::string> features,
                lacp::Time now);
    /// Ignored when another interface has the device number by now.
    void set_speed(port::DeviceId device, unsigned interface_index, uint32_t speed_mbps,
                   bool full_duplex, lacp::Time now);

    std::vector<api::Lagg> describe(lacp::Time now) const;
    Result<api::PortHistory> history(const std::string &lagg, const std::string &port,
                                     lacp::Time now,
                                     std::chrono::system_clock::time_point wall_now) const;
    /// Where frames with this key leave the lagg.
    Result<api::FlowAnswer> where_goes(const std::string &lagg, const frame::FlowKey &key) const;
    /// What asks the driver of a port; null where there is none.
    std::shared_ptr<const port::LinkWatch> watch(const std::string &lagg,
                                                 const std::string &port) const;
    /// Whether frames leave there, also as one of those that could take over in failover.
    bool distributes(const std::string &lagg, const std::string &port) const;
    /// Whether the lagg carries traffic, and its interface should have a carrier.
    bool is_up(const std::string &lagg) const;
    /// Frames of laggs that wait for the workers of another forwarding state.
    bool has_frames_to_send() const;
    const worker::Fleet &fleet() const { return fleet_; }
    worker::Fleet &fleet() { return fleet_; }

  private:
    Result<void> set_test(const std::string &lagg, const std::string &port, Direction direction,
                          bool on);
    Aggregate *find_aggregate(const std::string &lagg);
    const Aggregate *find_aggregate(const std::string &lagg) const;
    void become(Aggregate &aggregate, const WantedLagg &wanted, lacp::Time now);
    bool forget_frames_of(const Aggregate &aggregate, const std::string &port);
    void forget_carrier(const std::string &lagg);
    void look_at_link(Aggregate &aggregate, const std::string &port, lacp::Time now);
    void take_carrier(const kernel::Carrier &carrier, lacp::Time now);
    void read_watches(Aggregate &aggregate, lacp::Time now);
    bool has_unwatched() const;
    void poll_unwatched(lacp::Time now);
    void flush(lacp::Time now);
    void publish();
    void take_slow_frame(port::DeviceId device, std::span<const uint8_t> frame, lacp::Time now);
    void answer_markers(lacp::Time now);
    void send_frames(Aggregate &aggregate);
    void send_announcements(lacp::Time now);
    void go_on_with_moves(lacp::Time now);
    void read_loads(lacp::Time now);

    worker::Fleet &fleet_;
    Hooks hooks_;
    std::vector<std::unique_ptr<Aggregate>> laggs_;
    std::vector<std::pair<std::string, bool>> carriers_; ///< as last told to the hook
    /// Last report of each kernel interface, so that a port attached later knows its carrier at
    /// once.
    std::vector<kernel::Carrier> interfaces_;
    bool removed_ = false; ///< a lagg went, so the state in force is not the wanted one
    /// A Marker waits until everything received before it is delivered.
    struct WaitingMarker {
        port::DeviceId device;
        std::vector<uint8_t> frame;
        uint64_t token; ///< of Fleet::start_flush
    };
    std::deque<WaitingMarker> markers_;
    /// An announcement of a lagg's addresses, which waits until those before it have left.
    struct WaitingAnnouncement {
        std::string lagg;
        port::DeviceId device;
        std::vector<uint8_t> frame;
    };
    std::deque<WaitingAnnouncement> announcements_;
    /// Tokens, by the slot of the lagg: until workers hold back what moves.
    std::map<uint8_t, uint64_t> holds_;
    std::map<uint8_t, uint16_t> shares_; ///< workers that serve each lagg, by its slot
    std::vector<uint8_t> held_;          ///< slots of laggs that stand still
    std::optional<uint64_t> held_until_; ///< token: until workers let go of their queues
    lacp::Time next_poll_;
    lacp::Time next_alive_;
};

} // namespace lagg::aggregation
