// Moves flows from one live member to another without reordering them: what is to be sent on the
// moving buckets is held back until the old member's partner has answered a Marker, and goes to the
// new member then (802.1AX-2014 6.5, the generator). Buckets of a member that is gone move at once.
//
// One move at a time: buckets that want to move while the Markers of another move are out stay
// where they are until it is over. Pure; time is an argument.
#pragma once

#include "dataplane/distribute/bucket_table.hh"
#include "lacp/types.hh"

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace lagg::aggregation {

/// How long an answer is waited for. Without one the flows move all the same: by then the frames
/// sent before have long arrived, unless the partner is badly late.
inline constexpr lacp::Duration kMarkerTimeout = std::chrono::milliseconds(50);
/// The same where the partner left the last Marker unanswered: a pause, and another try.
inline constexpr lacp::Duration kQuietTime = std::chrono::milliseconds(10);

class FlowMove {
  public:
    using Members = std::bitset<distribute::kMaxMembers>;

    /// What the buckets should lead to from now on. Those that leave a member of `live` are held
    /// first; with an empty set all of them move at once.
    void retarget(const distribute::BucketTable &target, Members live);
    /// Frames of a flow may go by another bucket, or past all buckets, from now on: every bucket is
    /// held until all of `live` are asked and all have answered, since it is not known who sent
    /// the last frames of which flow. With fewer than two members there is nothing to overtake.
    void hold_all(Members live);
    bool holds_all() const { return holds_all_; }
    const distribute::BucketTable &target() const { return target_; }
    /// What workers have to obey now: the target, kHeldMember, or the member of before.
    const distribute::BucketTable &table() const { return table_; }
    bool is_holding() const { return phase_ != Phase::IDLE; }
    /// No frame of any bucket goes to the member, and none is held that it must be asked about.
    bool is_free_of(uint8_t member) const;

    /// The table has changed and no worker may have seen it yet: call holds_in_force once all have.
    bool wants_grace() const { return phase_ == Phase::PUBLISHING; }
    /// No worker sends the held buckets any more. Returns the members to be asked with Markers;
    /// tell of each of them with asked(), then give the deadline with wait_until().
    std::vector<uint8_t> holds_in_force();
    void asked(uint8_t member, uint32_t transaction_id);
    void wait_until(lacp::Time deadline) { deadline_ = deadline; }
    std::optional<lacp::Time> deadline() const { return deadline_; }

    /// Both return true when the table changed.
    bool answered(uint8_t member, uint32_t transaction_id);
    bool time_passed(lacp::Time now);
    /// Members that did not answer in the move that time_passed() ended; for the log.
    const Members &silent() const { return silent_; }

  private:
    enum class Phase { IDLE, PUBLISHING, ASKING };
    struct Question {
        uint8_t member;
        uint32_t transaction_id;
    };
    Members owners_of_held() const;
    void retarget_while_all_is_held(Members live);
    void release(uint8_t member);
    void release_all();
    void finish_if_done();

    distribute::BucketTable target_ = distribute::BucketTable::empty();
    distribute::BucketTable table_ = distribute::BucketTable::empty();
    /// Who sent each bucket's last frames.
    distribute::BucketTable owner_ = distribute::BucketTable::empty();
    std::bitset<distribute::kBuckets> held_;
    Members live_;
    Phase phase_ = Phase::IDLE;
    bool holds_all_ = false;
    bool again_ = false; ///< buckets wait for the next move
    std::vector<Question> questions_;
    std::optional<lacp::Time> deadline_;
    Members silent_;
};

} // namespace lagg::aggregation
