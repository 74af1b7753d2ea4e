// Promises of the hash in every instruction set: both directions of a conversation together where
// the policy is symmetric, another hash for another seed, and no look at a frame the NIC hashed.
#include "tests/dataplane/distribute/burst.hh"
#include "tests/dataplane/frame/frame_builder.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace lagg::distribute {
namespace {

using Bytes = std::vector<uint8_t>;
using frame::FrameBuilder;

constexpr uint32_t kConversations = 64; // several groups of four of each shape

/// One direction of a conversation; the other one has all four pairs exchanged.
struct Ends {
    uint8_t mac[2];
    uint32_t address[2];
    uint16_t port[2];
};
Ends ends_of(uint32_t i) {
    return {{static_cast<uint8_t>(i), static_cast<uint8_t>(77 + 3 * i)},
            {0x0a000001 + i * 7, 0x0a010001 + i * i},
            {static_cast<uint16_t>(1024 + i), static_cast<uint16_t>(443 + i % 3)}};
}
Ends turned(const Ends &ends) {
    return {{ends.mac[1], ends.mac[0]},
            {ends.address[1], ends.address[0]},
            {ends.port[1], ends.port[0]}};
}

enum class Kind { IPV4, TAGGED, IPV6, OPTIONS, NOT_IP };
constexpr Kind kKinds[] = {Kind::IPV4, Kind::TAGGED, Kind::IPV6, Kind::OPTIONS, Kind::NOT_IP};

Bytes make(Kind kind, const Ends &ends) {
    FrameBuilder frame;
    frame.raw({2, 0, 0, 0, 1, ends.mac[1], 2, 0, 0, 0, 1, ends.mac[0]});
    if (kind == Kind::TAGGED) frame.tag(0x8100, 0x2064);
    if (kind == Kind::NOT_IP) return frame.type(0x88b5).fill(46, 0);
    if (kind == Kind::IPV6)
        frame.type(0x86dd).ipv6({.source = ends.address[0], .destination = ends.address[1]});
    else
        frame.type(0x0800).ipv4({.option_words = static_cast<uint8_t>(kind == Kind::OPTIONS),
                                 .source = ends.address[0],
                                 .destination = ends.address[1]});
    return frame.ports(ends.port[0], ends.port[1]);
}

Burst conversations(Kind kind, bool turn) {
    Burst burst;
    for (uint32_t i = 0; i < kConversations; i++)
        burst.add(make(kind, turn ? turned(ends_of(i)) : ends_of(i)));
    return burst;
}

class EverySet : public testing::TestWithParam<InstructionSet> {
  protected:
    /// By what bucket each packet goes.
    static std::vector<uint16_t> buckets(const Policy &policy, const Burst &burst) {
        return outcome(GetParam(), spread_of(policy), burst).buckets;
    }
};

TEST_P(EverySet, SymmetricPoliciesGiveBothDirectionsOneHash) {
    for (const Fields fields : {kLayer2, kLayer23, kLayer34, kLayer2 | kLayer34, kAllFields,
                                Fields{kSourceIp}, Fields{kDestinationPort}, Fields{kSourceMac}})
        for (const Kind kind : kKinds) {
            const Burst there = conversations(kind, false), back = conversations(kind, true);
            const Policy policy{.fields = fields, .symmetric = true, .seed = 9};
            EXPECT_EQ(buckets(policy, there), buckets(policy, back))
                << "fields " << fields << ", kind " << static_cast<int>(kind);
        }
}

/// Else the test above would hold for a hash that sees nothing.
TEST_P(EverySet, WithoutSymmetryDirectionsDiffer) {
    for (const Fields fields : {kLayer23, kLayer34, kLayer2 | kLayer34})
        for (const Kind kind : kKinds) {
            const Policy policy{.fields = fields, .seed = 9};
            const auto there = buckets(policy, conversations(kind, false));
            const auto back = buckets(policy, conversations(kind, true));
            size_t same = 0;
            for (size_t i = 0; i < there.size(); i++)
                same += there[i] == back[i] ? 1 : 0;
            EXPECT_LE(same, 2u) << "fields " << fields << ", kind " << static_cast<int>(kind);
        }
}

TEST_P(EverySet, SymmetricPoliciesStillTellConversationsApart) {
    for (const Kind kind : kKinds) {
        const Policy policy{.fields = kLayer2 | kLayer34, .symmetric = true, .seed = 9};
        const auto all = buckets(policy, conversations(kind, false));
        EXPECT_GE(std::set<uint16_t>(all.begin(), all.end()).size(), kConversations - 4);
    }
}

TEST_P(EverySet, TheSeedChangesTheHash) {
    for (const Fields fields : {kLayer2, kLayer34, kLayer2 | kLayer34})
        for (const Kind kind : kKinds) {
            const Burst burst = conversations(kind, false);
            const auto one = buckets({.fields = fields, .seed = 1}, burst);
            const auto other = buckets({.fields = fields, .seed = 2}, burst);
            size_t same = 0;
            for (size_t i = 0; i < one.size(); i++)
                same += one[i] == other[i] ? 1 : 0;
            EXPECT_LE(same, 2u) << "fields " << fields << ", kind " << static_cast<int>(kind);
        }
}

// The packets have no octets at all: who reads one ends the test.
TEST_P(EverySet, AFrameTheNicHashedIsNotRead) {
    std::vector<Packet> packets;
    for (uint32_t i = 0; i < 2 * kConversations; i++)
        packets.push_back({.flags = Packet::kHasNicHash,
                           .octets = 64,
                           .nic_hash = i % kConversations * 0x01000193});
    std::vector<const Packet *> pointers;
    for (const Packet &packet : packets)
        pointers.push_back(&packet);
    const Spread spread = spread_of({.nic = true, .seed = 3});
    std::vector<uint16_t> buckets(packets.size());
    const auto function = bucket_function(spread.policy, GetParam());
    EXPECT_FALSE(function(spread, pointers.data(), pointers.size(), buckets.data()));
    for (uint32_t i = 0; i < kConversations; i++) {
        EXPECT_EQ(buckets[i], buckets[i + kConversations]) << i;
        EXPECT_EQ(buckets[i], BucketTable::bucket_of(mix_nic_hash(packets[i].nic_hash, 3))) << i;
    }
    EXPECT_GE(std::set<uint16_t>(buckets.begin(), buckets.end()).size(), kConversations - 4);
}

INSTANTIATE_TEST_SUITE_P(Sets, EverySet, testing::ValuesIn(supported_sets()));

} // namespace
} // namespace lagg::distribute
