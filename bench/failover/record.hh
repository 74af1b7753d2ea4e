// Fate of numbered frames while a cable was pulled: which were lost, doubled, overtaken, or
// came out of the port when they were long worthless, and when traffic left the dead port and was
// seen on the new one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace lagg::bench {

/// Nanoseconds of CLOCK_MONOTONIC.
using Nanoseconds = uint64_t;

/// Frames that are older than this when they come out, after the cable is back, are late.
inline constexpr Nanoseconds kLate = 10'000'000;
/// How long before an event a frame may have been sent that it concerns: the pull, or the cable's
/// return, which ends what the pull is judged by.
inline constexpr Nanoseconds kBeforeEvent = 2'000'000;

/// Port of a frame that came by a way without a number.
inline constexpr uint8_t kSomePort = 0xff;

struct Event {
    Nanoseconds at = 0;
    std::optional<uint8_t> dead; ///< port whose cable it was, where frames tell their port
    Nanoseconds back = 0;        ///< when the cable was back; 0 where it did not come back
    Nanoseconds until = 0;       ///< frames sent from then on are not judged; 0: all are
    bool every_flow = false;     ///< used the dead port, where frames do not tell their port
};

struct Outcome {
    uint64_t sent = 0;
    uint64_t lost = 0;       ///< before the cable was back
    uint64_t lost_after = 0; ///< when the cable was back
    uint64_t doubled = 0;    ///< copies beyond the first
    uint64_t reordered = 0;  ///< came after a later frame of their flow
    uint64_t late = 0;
    /// Late, by the port that was dead, and sent before a frame of their flow that came by another
    /// one: they stood in that port. Where ports are not known, all that are late.
    uint64_t stale = 0;
    /// Nanoseconds from the event until the last frame was given to the dead port; 0 without one.
    Nanoseconds dead = 0;
    /// Time from the event until the first frame of a moved flow came by another port. Nothing when
    /// no flow was seen to move.
    std::optional<Nanoseconds> moved;
};

/// The frames of one direction in one window of time.
class Record {
  public:
    explicit Record(unsigned flows) : newest_(flows), newest_sent_(flows) {}

    /// Forgets the frames of the window before; numbers go on.
    void begin();
    /// Returns the number of the frame.
    uint64_t sent(unsigned flow, Nanoseconds at);
    /// Frames of former windows are nothing to this one.
    void came(uint64_t number, Nanoseconds at, uint8_t port = kSomePort);
    /// The frame was given to a port whose cable was pulled.
    void swallowed(uint64_t number, Nanoseconds at);
    Outcome outcome(const Event &event) const;

    /// Whether a frame of every flow came that was sent after `since`.
    bool every_flow_came(Nanoseconds since) const;
    /// Whether a frame came by the port at that time or later.
    bool came_by(uint8_t port, Nanoseconds since) const;
    /// Port of the newest frame that came.
    uint8_t last_port() const { return last_port_; }

  private:
    struct Frame {
        Nanoseconds sent = 0;
        Nanoseconds came = 0; ///< or was swallowed
        uint16_t flow = 0;
        uint16_t copies = 0;
        uint8_t port = kSomePort;
        bool swallowed = false;
    };
    static bool late(const Frame &frame, const Event &event);
    /// Neither swallowed, nor late, nor lost.
    static bool arrived(const Frame &frame, const Event &event);
    /// Whether the frame was sent so late that it met the cable's return.
    static bool met_return(const Frame &frame, const Event &event);
    std::vector<bool> flows_of_dead_port(const Event &event) const;
    /// When the frame was sent with which each flow left the dead port; 0 for one that did not.
    std::vector<Nanoseconds> left_dead_port(const Event &event) const;
    /// How many frames, from the first on, are judged.
    size_t judged(const Event &event) const;
    void find_times(const Event &event, Outcome &outcome) const;

    uint64_t first_ = 0; ///< number of frames_[0]
    std::vector<Frame> frames_;
    std::vector<uint64_t> newest_;         ///< number + 1 of the newest frame that came, by flow
    std::vector<Nanoseconds> newest_sent_; ///< when that one was sent
    uint64_t reordered_ = 0;
    uint8_t last_port_ = kSomePort;
    std::vector<Nanoseconds> last_of_port_ = std::vector<Nanoseconds>(256);
};

} // namespace lagg::bench
