#include "control/aggregation/flow_move.hh"

#include <algorithm>
#include <cassert>

namespace lagg::aggregation {

using distribute::kBuckets;
using distribute::kHeldMember;
using distribute::kMaxMembers;
using distribute::kNoMember;

void FlowMove::retarget(const distribute::BucketTable &target, Members live) {
    target_ = target;
    live_ = live;
    if (holds_all_) return retarget_while_all_is_held(live);
    bool more_held = false;
    again_ = false;
    for (size_t b = 0; b < kBuckets; ++b) {
        const uint8_t owner = owner_.member[b];
        const uint8_t wanted = target_.member[b];
        const bool must_wait =
            wanted != owner && wanted != kNoMember && owner != kNoMember && live.test(owner);
        if (!must_wait) {
            owner_.member[b] = table_.member[b] = wanted;
            held_.reset(b);
        } else if (!held_.test(b) && phase_ == Phase::ASKING) {
            table_.member[b] = owner;
            again_ = true;
        } else if (!held_.test(b)) {
            held_.set(b);
            table_.member[b] = kHeldMember;
            more_held = true;
        }
    }
    // Who joins while the others are not in force yet is asked about together with them.
    if (more_held) phase_ = Phase::PUBLISHING;
    finish_if_done();
}

// Whoever died has nothing left that could be overtaken.
void FlowMove::retarget_while_all_is_held(Members live) {
    const size_t dead = std::erase_if(
        questions_, [&](const Question &question) { return !live.test(question.member); });
    if (live.none() || (dead != 0 && questions_.empty())) release_all();
}

// A move that is under way becomes part of this one. Its Markers may be answered ahead of frames
// that were sent after them, so that everybody is asked anew.
void FlowMove::hold_all(Members live) {
    if (live.count() < 2) return;
    live_ = live;
    holds_all_ = true;
    again_ = false;
    questions_.clear();
    deadline_.reset();
    held_.set();
    table_.member.fill(kHeldMember);
    phase_ = Phase::PUBLISHING;
}

bool FlowMove::is_free_of(uint8_t member) const {
    if (holds_all_ && live_.test(member)) return false;
    return std::ranges::find(owner_.member, member) == owner_.member.end();
}

FlowMove::Members FlowMove::owners_of_held() const {
    if (holds_all_) return live_;
    Members owners;
    for (size_t b = 0; b < kBuckets; ++b)
        if (held_.test(b)) owners.set(owner_.member[b]);
    return owners;
}

std::vector<uint8_t> FlowMove::holds_in_force() {
    assert(phase_ == Phase::PUBLISHING);
    phase_ = Phase::ASKING;
    const Members owners = owners_of_held();
    std::vector<uint8_t> members;
    for (uint8_t m = 0; m < kMaxMembers; ++m)
        if (owners.test(m)) members.push_back(m);
    return members;
}

void FlowMove::asked(uint8_t member, uint32_t transaction_id) {
    questions_.push_back({member, transaction_id});
}

bool FlowMove::answered(uint8_t member, uint32_t transaction_id) {
    const size_t erased = std::erase_if(questions_, [&](const Question &question) {
        return question.member == member && question.transaction_id == transaction_id;
    });
    if (erased == 0 || phase_ != Phase::ASKING) return false;
    if (holds_all_) {
        if (!questions_.empty()) return false;
        release_all();
        return true;
    }
    if (std::ranges::find(questions_, member, &Question::member) != questions_.end()) return false;
    release(member);
    finish_if_done();
    return true;
}

bool FlowMove::time_passed(lacp::Time now) {
    if (phase_ != Phase::ASKING || !deadline_ || now < *deadline_) return false;
    silent_.reset();
    for (const Question &question : questions_)
        silent_.set(question.member);
    if (holds_all_) {
        release_all();
        return true;
    }
    const Members owners = owners_of_held();
    for (uint8_t m = 0; m < kMaxMembers; ++m)
        if (owners.test(m)) release(m);
    finish_if_done();
    return true;
}

void FlowMove::release(uint8_t member) {
    for (size_t b = 0; b < kBuckets; ++b) {
        if (!held_.test(b) || owner_.member[b] != member) continue;
        held_.reset(b);
        owner_.member[b] = table_.member[b] = target_.member[b];
    }
}

void FlowMove::release_all() {
    holds_all_ = false;
    held_.reset();
    owner_ = table_ = target_;
    finish_if_done();
}

void FlowMove::finish_if_done() {
    if (phase_ == Phase::IDLE || held_.any()) return;
    phase_ = Phase::IDLE;
    questions_.clear();
    deadline_.reset();
    if (again_) retarget(distribute::BucketTable(target_), live_);
}

} // namespace lagg::aggregation
