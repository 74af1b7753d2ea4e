// One lagg as the protocol thread knows it: which of its ports carry traffic, under every protocol.
//
// Here lacp/ and dataplane/ meet: link states and frames become events of the LACP core, its
// actions become members of a forwarding state. Time is an argument and nothing here waits.
#pragma once

#include "control/aggregation/flow_move.hh"
#include "control/aggregation/history.hh"
#include "control/aggregation/log_limit.hh"
#include "control/aggregation/rebalancing.hh"
#include "control/aggregation/wanted.hh"
#include "control/config/config.hh"
#include "control/kernel/carrier_watch.hh"
#include "control/recording/recorder.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/packet_socket.hh"
#include "dataplane/port/port.hh"
#include "dataplane/worker/counters.hh"
#include "dataplane/worker/forwarding_state.hh"
#include "lacp/lacpdu.hh"
#include "lacp/system.hh"

#include <array>
#include <bitset>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lagg::aggregation {

/// By the index of members.
using MemberWeights = std::array<uint32_t, distribute::kMaxMembers>;

/// LACPDUs of a port that are lost on purpose, to see what the two ends do about it.
struct LacpduTest {
    bool hold_back = false; ///< those to send
    bool drop = false;      ///< those that come
    uint64_t held_back = 0;
    uint64_t dropped = 0;
};

/// What one source said last of the carrier of the interface behind a port.
struct CarrierSaid {
    std::optional<bool> up;
    lacp::Time at;
    uint32_t changes = 0; ///< of the link that it was the first to tell
};

/// LACPDUs that come to a port whose lagg does not speak LACP.
struct UnwantedLacp {
    lacp::MacAddress system{}; ///< of the last one's actor
    lacp::Time at;             ///< when that came
    uint64_t count = 0;
};

/// A port's place in a lagg, in configured order; without a device while it could not be opened.
struct Member {
    std::string name;
    std::string device_text;
    std::string problem; ///< why there is no device
    std::optional<AttachedPort> port;
    uint8_t index = 0; ///< its place in the forwarding state, for as long as it is attached
    port::Link link;
    uint32_t link_failures = 0;
    const char *link_change_by = ""; ///< how the last change was found out; a static text
    std::array<CarrierSaid, kernel::kCarrierSources> carrier_said; ///< by kernel::CarrierSource
    uint32_t losses_seen = 0; ///< LinkWatch::Known::losses that were acted on
    bool loss_told = false;   ///< that its device is lost
    bool paused = false;      ///< no worker uses the device, which is started anew
    uint32_t restarts = 0;    ///< of the device, to empty its queues
    bool leaving = false;
    bool drain = false;   ///< asked for by hand
    bool drained = false; ///< its flows are gone, and the partner knows
    bool collecting = false;
    bool distributing = false;
    /// The partner let a Marker go unanswered and has answered none since.
    bool ignores_markers = false;
    worker::DeviceTotals counters_base; ///< of the device when it was attached
    LacpduTest test;
    UnwantedLacp unwanted_lacp;
    PortHistory history;
    LogLimit log;
};

/// A frame of our own to send: a LACPDU, a Marker Response, an announcement.
struct OutgoingFrame {
    port::DeviceId device;
    std::vector<uint8_t> bytes;
    uint16_t queue = 0; ///< of the device's queues that workers send on
    bool is_announcement = false;
};

/// What is assumed of a partner that does not speak.
lacp::PortInformation partner_admin(const config::Lacp &config);

class Aggregate final : private lacp::ActionSink {
  public:
    /// A lagg whose ports have no devices yet, and which comes out nowhere. `recorder` takes what
    /// enters and leaves the core; may be null.
    Aggregate(const config::Lagg &config, const Identity &identity, lacp::Time now,
              recording::Recorder *recorder = nullptr);

    const config::Lagg &config() const { return config_; }
    const Identity &identity() const { return identity_; }
    const upper::Upper &upper() const { return upper_; }
    const std::vector<Member> &members() const { return members_; }
    /// Of the upper device when the lagg got it.
    const worker::DeviceTotals &upper_base() const { return upper_base_; }
    const Member *member_on(port::DeviceId device) const;
    const Member *member_named(const std::string &port) const;

    /// What workers have counted so far of a device or an upper side.
    using Totals = std::function<worker::DeviceTotals(worker::EndpointId)>;
    /// What become() did that others have to know.
    struct Became {
        std::vector<std::string> attached; ///< ports that have a device now and had none
        bool has_other_upper = false;
    };
    /// Brings the lagg in line with what is wanted of it: finds what differs, tells the LACP core
    /// once, and settles once. A port that is not to have its device any more loses it at once
    /// (leave() first where there is time); one that is to have another device has to be detached
    /// before.
    Became become(const WantedLagg &wanted, const Totals &totals, lacp::Time now);
    /// What is in force, as become() takes it.
    WantedLagg in_force() const;
    const Policies &policies() const { return policies_; }
    /// Those whose port distributes, by its member.
    std::vector<bpf::Rule> rules_in_force() const;
    /// Moves the port's flows away and then, with LACP, goes out of sync there; or takes the port
    /// back. Holds for as long as the port belongs to the lagg. False when it is not attached.
    bool set_drain(const std::string &port, bool drain, lacp::Time now);
    /// Until the port is detached. False when it is not attached, or LACP does not run.
    bool set_test(const std::string &port, Direction direction, bool on);
    void detach(const std::string &port, lacp::Time now);
    /// `told_by` says how it was found out, and is a static text.
    void link_changed(port::DeviceId device, const port::Link &link, const char *told_by,
                      lacp::Time now);
    /// What the kernel says of the interface behind the port.
    void carrier_reported(const std::string &port, const kernel::Carrier &carrier, lacp::Time now);
    /// What the port's watch knows of its link by now. True when the device is lost, once.
    bool read_watch(const std::string &port, lacp::Time now);
    /// No worker uses the device until it is resumed; it may be stopped when all have let go.
    void pause(const std::string &port);
    /// The device runs again.
    void resume(const std::string &port, std::shared_ptr<port::LinkWatch> watch,
                std::vector<std::string> features, lacp::Time now);
    void slow_frame(port::DeviceId device, std::span<const uint8_t> frame, lacp::Time now);
    void time_passed(lacp::Time now);
    /// Every worker obeys the forwarding state that holds buckets back (flow_move().wants_grace()).
    /// `queues`: those of each port that workers send on.
    void holds_in_force(uint16_t queues, lacp::Time now);
    const FlowMove &flow_move() const { return move_; }
    std::optional<lacp::Time> next_deadline() const;
    /// Buckets follow the measured load; not where a program chooses them, which nobody measures.
    bool rebalances() const {
        return config_.hash.rebalance && uses_hash(config_.protocol) &&
               policies_.program == nullptr;
    }
    /// True when note_loads() is to be called.
    bool wants_loads(lacp::Time now) const;
    /// Takes what the workers have sent by each bucket, as Fleet::bucket_octets, and moves buckets
    /// when that is due and worth it.
    void note_loads(const Rebalancing::Octets &octets, lacp::Time now);
    const RebalanceHistory &rebalance_history() const { return rebalancing_.history(); }
    /// Tells the partner that one port, or every port, leaves. Nothing is distributed there from
    /// now on.
    void leave(const std::string &port, lacp::Time now);
    void leave_all(lacp::Time now);
    /// Takes a port back that left and was not detached.
    void come_back(const std::string &port, lacp::Time now);
    /// It distributes, or stands by in failover and could the next moment.
    bool could_carry(const Member &member) const;

    /// Traffic passes: at least min_links ports can carry it.
    bool up() const { return up_; }
    lacp::Time last_change() const { return last_change_; }
    const std::string &last_change_reason() const { return last_change_reason_; }
    /// Where the buckets lead once the moves under way are made.
    const distribute::BucketTable &buckets() const { return move_.target(); }
    /// The administrative key of ports that have none of their own.
    lacp::Key key() const;
    const lacp::System *lacp() const { return lacp_ ? &*lacp_ : nullptr; }

    /// True once after the forwarding changed.
    bool take_changed();
    worker::LaggForwarding forwarding() const;
    /// As the configuration says, with the seed in force.
    distribute::Policy hash_policy() const;
    /// Of each port that has a device, by its index; relative to one another.
    MemberWeights weights() const;
    /// Queues that all of its devices have.
    uint16_t queues() const;
    /// Announcements did not get where they were sent: others will go where the lagg is then.
    void announce_again(lacp::Time now);
    /// Frames to send once the forwarding state in force says what they say.
    std::vector<OutgoingFrame> take_frames();
    bool has_frames_to_send() const { return !frames_.empty(); }

  private:
    void on_action(const lacp::Action &action) override;
    void on_frame(const lacp::SendFrame &send);
    void on_membership(const lacp::PortMembership &membership);
    void keep_transition(const lacp::StateChanged &change);
    static void note_unwanted_lacp(Member &member, std::span<const uint8_t> frame, lacp::Time now);
    static bool drops_for_test(Member &member, std::span<const uint8_t> frame);
    void log_transition(const lacp::StateChanged &change);
    bool may_log(LogLimit &limit, const std::string &who, lacp::Time now) const;
    void tell_left_out(LogLimit &limit, const std::string &who, lacp::Time now) const;
    void tell_left_out(lacp::Time now);
    void start_lacp(lacp::Time now);
    void stop_lacp(lacp::Time now);
    void step(const lacp::Event &event, lacp::Time now);
    lacp::SystemParameters system_parameters() const;
    lacp::PortParameters port_parameters(const Member &member) const;
    void add_to_lacp(const Member &member, lacp::Time now);
    void tell_link(const Member &member, lacp::Time now);
    void on_marker_answered(const lacp::MarkerAnswered &answered);
    void settle(lacp::Time now, const std::string &reason);
    void choose_members();
    uint32_t able_members() const;
    void note_place(bool changed);
    void announce();
    /// What the LACP core was told, to find what it has to be told.
    struct CoreParameters {
        lacp::SystemParameters system;
        std::vector<lacp::PortParametersChanged> ports;
    };
    CoreParameters core_parameters() const;
    void tell_core(const CoreParameters &before, std::span<const std::string> attached,
                   lacp::Time now);
    std::vector<std::string> take_members(const WantedLagg &wanted, const Totals &totals);
    void attach(Member &member, const AttachedPort &port, const Totals &totals);
    void take_off(Member &member, lacp::Time now);
    bool take_upper(const upper::Upper &upper, const Totals &totals);
    bool wants_drain(const Member &member) const;
    bool is_usable(const Member &member) const;
    bool drain_members(lacp::Time now);
    void end_move_in_time(lacp::Time now);
    MemberWeights live_weights() const;
    void rebuild_table();
    Steering steering() const;
    bool steers_otherwise();
    void add_policies(worker::LaggForwarding &forwarding) const;
    const Member *obeying(const PortRule &rule) const;
    std::string takers(const distribute::Plan &plan) const;
    Member *find_member(const std::string &port);
    Member *find_member(lacp::PortNumber number);
    Member *find_device(port::DeviceId device);

    config::Lagg config_;
    Policies policies_;
    Steering steering_; ///< as last settled
    Identity identity_;
    upper::Upper upper_;
    worker::DeviceTotals upper_base_;
    std::vector<Member> members_;
    std::optional<lacp::System> lacp_;
    recording::Recorder *recorder_;
    lacp::Time step_time_; ///< of the step that the actions belong to
    std::vector<OutgoingFrame> frames_;
    FlowMove move_;
    Rebalancing rebalancing_;
    MemberWeights live_weights_{};
    MemberWeights table_weights_{}; ///< that the table was built for
    uint32_t last_transaction_ = 0;
    uint16_t marker_queue_ = 0; ///< of the Marker that the core is asked for
    /// (collecting, distributing) of each place as last settled, to find what changed.
    std::array<std::pair<bool, bool>, distribute::kMaxMembers> forwarded_{};
    /// Places of the ports that carried traffic when the lagg last did: where others know it.
    std::bitset<distribute::kMaxMembers> carried_by_;
    bool announcement_due_ = false; ///< as soon as the lagg is up
    bool up_ = false;
    bool changed_ = true;
    lacp::Time last_change_;
    std::string last_change_reason_ = "started";
    std::string lacp_reason_ = "LACP"; ///< of the last move of a mux
    LogLimit log_;                     ///< of lines about all ports together
};

} // namespace lagg::aggregation
