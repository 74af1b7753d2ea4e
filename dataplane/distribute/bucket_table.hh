// Hash values to members: 4096 one-byte buckets, built by a pure function and never changed after.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace lagg::distribute {

inline constexpr size_t kBuckets = 4096;
inline constexpr size_t kMaxMembers = 32;
/// The bucket has no member: nothing is distributing.
inline constexpr uint8_t kNoMember = 255;
/// No bucket's: what stands for a slow-protocol frame among the members of a burst, and among their
/// buckets.
inline constexpr uint8_t kSlowMember = 253;
inline constexpr uint16_t kSlowBucket = 0xffff;
/// The bucket is on its way from one member to another: its frames wait.
inline constexpr uint8_t kHeldMember = 254;

struct alignas(64) BucketTable {
    std::array<uint8_t, kBuckets> member;

    static BucketTable empty();
    /// The high bits choose, where flow_hash mixes best.
    static uint16_t bucket_of(uint32_t hash) { return static_cast<uint16_t>(hash >> 20); }
    uint8_t lookup(uint32_t hash) const { return member[bucket_of(hash)]; }
    /// Of what a bucket function wrote.
    uint8_t member_of(uint16_t bucket) const {
        return bucket == kSlowBucket ? kSlowMember : member[bucket];
    }
    bool operator==(const BucketTable &) const = default;
};

/// Builds the table that gives member m a share of weights[m] / sum (0: not distributing), from the
/// table in force. A lost member's buckets alone are rewritten, spread over the others; a gained
/// one takes no more than its share. Deterministic. Members keep their index for as long as they
/// exist.
BucketTable build(const BucketTable &previous, std::span<const uint32_t> weights);

/// The same for a table whose counts a rebalancer changed on purpose; `before` are the weights it
/// was built and rebalanced under. What each member holds then counts for its weight, so that the
/// promises are the same: nothing moves while the weights stay, a lost member's buckets alone are
/// rewritten, and a gained one takes no more than its share by `weights`.
BucketTable rebuild(const BucketTable &previous, std::span<const uint32_t> before,
                    std::span<const uint32_t> weights);

/// Buckets whose member differs, for tests, logs and the client.
size_t moved(const BucketTable &from, const BucketTable &to);

} // namespace lagg::distribute
