// Every way to deal out a burst does what a plain loop does, for every number of members.
#include "dataplane/distribute/batches.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

namespace lagg::distribute {
namespace {

using Handles = std::vector<void *>;

/// No packet: a number that says which it is.
void *handle(uintptr_t number) {
    return reinterpret_cast<void *>(number);
}

/// Batches between two guards of a value that is no packet.
struct Guarded {
    static constexpr size_t kGuard = 64;
    Guarded() {
        std::fill_n(before, kGuard, handle(1));
        std::fill_n(after, kGuard, handle(1));
    }
    bool guards_stand() const {
        const auto stands = [](const void *value) { return value == handle(1); };
        return std::all_of(before, before + kGuard, stands) &&
               std::all_of(after, after + kGuard, stands);
    }
    void *before[kGuard];
    Batches batches;
    void *after[kGuard];
};

/// The parameter: with AVX2 and BMI2, or without.
class Deal : public testing::TestWithParam<bool> {
  protected:
    /// A burst whose memory ends with it, so that AddressSanitizer sees who reads further.
    void deal(size_t members, size_t count) {
        const auto buckets = std::make_unique<uint16_t[]>(count);
        const auto packets = std::make_unique<void *[]>(count);
        const auto lengths = std::make_unique<uint16_t[]>(count);
        for (size_t i = 0; i < count; i++) {
            // A third of the bursts is for one member alone, which fills its batch.
            const size_t member = alone_ ? one_ : random_() % members;
            buckets[i] = bucket_of(member, members);
            const bool other = !alike_ || (but_last_ && i + 1 == count);
            lengths[i] = other ? static_cast<uint16_t>(random_()) : length_;
            packets[i] = handle(next_++ * 16);
            expected_[member].push_back(packets[i]);
            octets_[member] += lengths[i];
        }
        deal_function(members, GetParam())(guarded_->batches, rows_of(table(members)),
                                           buckets.get(), packets.get(), lengths.get(), count);
    }
    /// Bucket b is member b % members'.
    static BucketTable table(size_t members) {
        BucketTable made;
        for (size_t b = 0; b < kBuckets; b++)
            made.member[b] = static_cast<uint8_t>(b % members);
        return made;
    }
    uint16_t bucket_of(size_t member, size_t members) {
        const size_t round = random_() % (kBuckets / members);
        return static_cast<uint16_t>(round * members + member);
    }
    void begin_burst(size_t members) {
        alone_ = random_() % 3 == 0;
        one_ = random_() % members;
        alike_ = random_() % 2 == 0;
        but_last_ = random_() % 2 == 0;
        length_ = static_cast<uint16_t>(random_());
    }
    Handles found(size_t member) {
        Batches &batches = guarded_->batches;
        // Not in braces: those would make a list of the two pointers.
        return Handles(batches.packets[member], batches.packets[member] + batches.count[member]);
    }
    void check(size_t members) {
        for (size_t m = 0; m < kMaxMembers; m++) {
            ASSERT_EQ(found(m), expected_[m]) << "member " << m << " of " << members;
            ASSERT_EQ(guarded_->batches.octets[m], octets_[m]) << "member " << m;
        }
        ASSERT_TRUE(guarded_->guards_stand()) << members << " members";
    }
    /// Sends full batches, as a distributor does between bursts.
    void send_full() {
        for (size_t m = 0; m < kMaxMembers; m++) {
            if (expected_[m].size() < kFullBatch) continue;
            guarded_->batches.count[m] = 0;
            guarded_->batches.octets[m] = octets_[m] = 0;
            expected_[m].clear();
        }
    }

    std::unique_ptr<Guarded> guarded_ = std::make_unique<Guarded>();
    void start_anew() {
        guarded_ = std::make_unique<Guarded>();
        expected_.assign(kMaxMembers, {});
        octets_.assign(kMaxMembers, 0);
    }

    std::vector<Handles> expected_ = std::vector<Handles>(kMaxMembers);
    std::vector<uint32_t> octets_ = std::vector<uint32_t>(kMaxMembers);
    std::mt19937 random_{17};
    uintptr_t next_ = 1;
    bool alone_ = false;
    bool alike_ = false;    ///< all packets of a burst have one length
    bool but_last_ = false; ///< except for the last one
    uint16_t length_ = 0;
    size_t one_ = 0;
};

// Batches are not cleared after each burst: nearly full ones take another burst.
TEST_P(Deal, DoesWhatALoopDoes) {
    for (size_t members = 1; members <= kMaxMembers; members++) {
        start_anew();
        size_t fullest = 0;
        for (int burst = 0; burst < 300; burst++) {
            begin_burst(members);
            // Every other burst is full: those have ways of their own.
            deal(members, burst % 2 == 0 ? kFullBatch : random_() % (kFullBatch + 1));
            ASSERT_NO_FATAL_FAILURE(check(members));
            for (const Handles &batch : expected_)
                fullest = std::max(fullest, batch.size());
            send_full();
        }
        EXPECT_GT(fullest, kFullBatch + 8) << "no batch came near its limit";
    }
}

TEST_P(Deal, ABatchAsFullAsItMayBeTakesABurstMore) {
    for (size_t members = 1; members <= kMaxMembers; members++)
        for (one_ = 0; one_ < members; one_++) {
            start_anew();
            alone_ = true;
            deal(members, kFullBatch - 1);
            alike_ = !alike_;
            length_ = UINT16_MAX;
            deal(members, kFullBatch);
            ASSERT_NO_FATAL_FAILURE(check(members));
            ASSERT_EQ(guarded_->batches.count[one_], 2 * kFullBatch - 1);
        }
}

std::vector<bool> ways_of_this_cpu() {
    if (has_avx2()) return {false, true};
    return {false};
}
INSTANTIATE_TEST_SUITE_P(Ways, Deal, testing::ValuesIn(ways_of_this_cpu()));

} // namespace
} // namespace lagg::distribute
