// Effect of an accepted policy on a burst of frames.
#include "dataplane/bpf/buckets_by_program.hh"
#include "dataplane/distribute/instruction_set.hh"

#include "tests/dataplane/bpf/compiler.hh"
#include "tests/dataplane/frame/cases.hh"

#include <array>
#include <vector>

namespace lagg::bpf {
namespace {

using distribute::Packet;
using distribute::Spread;
using frame::eth;
using frame::Frame;
using frame::ip4;

/// Member m has every 32nd bucket, from m on.
Spread striped() {
    Spread spread;
    spread.policy = {.fields = distribute::kLayer34, .seed = 7};
    spread.hash = distribute::FlowHash(spread.policy);
    for (size_t bucket = 0; bucket < distribute::kBuckets; bucket++)
        spread.table.member[bucket] = static_cast<uint8_t>(bucket % distribute::kMaxMembers);
    return spread;
}

struct Programs : WithCompiler {
    std::vector<int> members(const Program &program, const std::vector<Frame> &frames,
                             uint64_t now_us = 0) {
        std::vector<Packet> packets;
        for (const Frame &one : frames)
            packets.push_back(Packet::of(one));
        std::vector<const Packet *> pointers;
        for (const Packet &packet : packets)
            pointers.push_back(&packet);
        std::vector<uint16_t> buckets(frames.size());
        buckets_by_program({program, memory, now_us, distribute::hash_function(spread.policy)},
                           spread, pointers, buckets.data());
        std::vector<int> result;
        for (const uint16_t bucket : buckets)
            result.push_back(spread.table.member_of(bucket));
        return result;
    }
    std::shared_ptr<const Program> made(const std::string &body) {
        return load(compile(policy(body)));
    }

    Spread spread = striped();
    ProgramMemory memory;
    const std::vector<Frame> tcp{ip4().ipv4({}).ports(1000, 80), ip4().ipv4({}).ports(1001, 443)};
};

TEST_F(Programs, NameABucket) {
    const auto program = made("return LAGG_BUCKET(flow->destination_port);");
    EXPECT_EQ(members(*program, tcp), (std::vector<int>{80 % 32, 443 % 32}));
    EXPECT_EQ(program->name(), "policy");
    EXPECT_GT(program->instructions(), 2u);
    EXPECT_GT(program->native_size(), 0u);
}

TEST_F(Programs, AreNotAskedWhereSlowProtocolsGo) {
    const auto program = made("return LAGG_BUCKET(flow->destination_port);");
    std::vector<Frame> frames = tcp;
    frames.insert(frames.begin() + 1, frame::eth().type(0x8809).fill(46, 1));
    EXPECT_EQ(members(*program, frames),
              (std::vector<int>{80 % 32, distribute::kSlowMember, 443 % 32}));
    EXPECT_EQ(members(*made("return flow->hash;"), frames)[1], distribute::kSlowMember);
}

TEST_F(Programs, ResultsOutOfRangeAreMasked) {
    EXPECT_EQ(members(*made("return 0x100000000ull + 4096 * 7 + 5;"), tcp)[0], 5);
    EXPECT_EQ(members(*made("return 0xfffffffffffffffful;"), tcp)[0], 31);
    // Bits above a hash, other than those of LAGG_BUCKET, do not count.
    EXPECT_EQ(members(*made("return 0xabc0000300000000ull | 9u << 20;"), tcp)[0], 9);
}

TEST_F(Programs, TheLaggsOwnHash) {
    const auto program = made("return flow->hash;");
    EXPECT_TRUE(program->reads().hash);
    for (const Frame &one : tcp) {
        const uint32_t hash = spread.hash(distribute::key_of(one, spread.policy));
        EXPECT_EQ(members(*program, {one})[0], spread.table.lookup(hash));
    }
}

TEST_F(Programs, HashIsReadUnderAnIndexToo) {
    EXPECT_TRUE(made("return ((lagg_u32 *)flow)[flow->spi & 31];")->reads().hash);
    EXPECT_FALSE(made("return flow->memory[flow->spi & 31];")->reads().hash);
}

TEST_F(Programs, WritesDoNotReachTheNextFrame) {
    const auto program = made("lagg_u64 r = LAGG_BUCKET(flow->outer_vlan + flow->source_port + "
                              "flow->flow_label + flow->source_ip[3] + flow->reserved1[1]);"
                              "flow->outer_vlan = 7; flow->source_port = 9; flow->flow_label = 3;"
                              "flow->source_ip[3] = 5; flow->reserved1[1] = 2; return r;");
    EXPECT_EQ(members(*program, {tcp[0], tcp[0], eth().type(0x0806).fill(28, 1),
                                 eth().type(0x0806).fill(28, 1)}),
              (std::vector<int>{1000 % 32, 1000 % 32, 0, 0}));
}

TEST_F(Programs, MemoryStays) {
    const auto program = made("return LAGG_BUCKET(flow->memory[flow->destination_port & 255]++);");
    EXPECT_EQ(members(*program, {tcp[0], tcp[0], tcp[1]}), (std::vector<int>{0, 1, 0}));
    EXPECT_EQ(members(*program, {tcp[0]}), (std::vector<int>{2}));
}

TEST_F(Programs, IndexesWithABound) {
    for (const char *index :
         {"flow->spi & 254", "flow->protocol", "flow->spi % 256", "(flow->source_port >> 8)",
          "flow->length / 0x1000000", "flow->spi < 256 ? flow->spi & 255 : 3"})
        EXPECT_NE(made("return flow->memory[" + std::string(index) + "];"), nullptr) << index;
}

TEST_F(Programs, ClockOfTheBurst) {
    const auto program = made("return LAGG_BUCKET(flow->now_us / 1000);");
    EXPECT_EQ(members(*program, {tcp[0]}, 17'000)[0], 17);
    EXPECT_EQ(members(*program, {tcp[0]}, 19'999)[0], 19);
}

TEST_F(Programs, DivisionByZeroGivesZero) {
    testing::internal::CaptureStderr();
    const auto program = made("return LAGG_BUCKET(7 + 100 / flow->spi);");
    EXPECT_EQ(members(*program, tcp), (std::vector<int>{0, 0}));
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(Programs, NobodyDistributesAndNobodyGetsFrames) {
    spread.table = distribute::BucketTable::empty();
    EXPECT_EQ(members(*made("return LAGG_BUCKET(5);"), tcp)[0], distribute::kNoMember);
}

TEST_F(Programs, AnotherTakesItsPlace) {
    auto program = made("return LAGG_BUCKET(1);");
    const auto next = made("return LAGG_BUCKET(2);");
    EXPECT_EQ(members(*program, tcp)[0], 1);
    program = next;
    EXPECT_EQ(members(*program, tcp)[0], 2);
}

} // namespace
} // namespace lagg::bpf
