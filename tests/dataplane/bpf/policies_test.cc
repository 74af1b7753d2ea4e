// The policies that are shipped as examples do what their comments say.
#include "dataplane/bpf/buckets_by_program.hh"
#include "dataplane/distribute/instruction_set.hh"

#include "tests/dataplane/bpf/compiler.hh"
#include "tests/dataplane/frame/cases.hh"

#include <set>

namespace lagg::bpf {
namespace {

using frame::Frame;

struct Policies : WithCompiler {
    void use(const std::string &name) {
        program = load(compile_file(POLICY_DIRECTORY "/" + name));
        ASSERT_NE(program, nullptr);
    }
    /// The part of the lagg, one of 64, where a frame goes.
    unsigned part(const Frame &one, uint64_t now_us = 0) {
        const distribute::Packet packet = distribute::Packet::of(one);
        const distribute::Packet *pointer = &packet;
        uint16_t bucket = distribute::kSlowBucket;
        buckets_by_program({*program, memory, now_us, distribute::hash_function(spread.policy)},
                           spread, {&pointer, 1}, &bucket);
        return spread.table.member_of(bucket);
    }
    /// 300 flows of TCP, by source port.
    std::set<unsigned> parts(uint16_t vlan, uint16_t port) {
        std::set<unsigned> found;
        for (uint16_t source = 10000; source < 10300; source++) {
            frame::FrameBuilder start = frame::eth();
            if (vlan != 0) start.tag(0x8100, vlan);
            found.insert(part(start.type(0x0800).ipv4({}).ports(source, port)));
        }
        return found;
    }

    std::shared_ptr<const Program> program;
    ProgramMemory memory;
    distribute::Spread spread = [] {
        distribute::Spread made;
        made.policy = {.fields = distribute::kLayer34, .seed = 7};
        made.hash = distribute::FlowHash(made.policy);
        for (size_t bucket = 0; bucket < distribute::kBuckets; bucket++)
            made.table.member[bucket] = static_cast<uint8_t>(bucket / 64);
        return made;
    }();
};

TEST_F(Policies, VlansHaveTheirWeight) {
    use("vlan-weights.c");
    const auto ten = parts(10, 80), twenty = parts(20, 80), others = parts(0, 80);
    EXPECT_EQ(*ten.begin(), 0u);
    EXPECT_EQ(*ten.rbegin(), 31u);
    EXPECT_EQ(*twenty.begin(), 32u);
    EXPECT_EQ(*twenty.rbegin(), 47u);
    EXPECT_EQ(*others.begin(), 48u);
    EXPECT_EQ(*others.rbegin(), 63u);
}

TEST_F(Policies, StorageStaysTogether) {
    use("storage.c");
    for (uint16_t port : {3260, 4420, 2049, 445})
        EXPECT_GE(*parts(0, port).begin(), 48u) << port;
    EXPECT_LT(*parts(0, 80).rbegin(), 48u);
    EXPECT_GE(part(frame::ip4().ipv4({}).ports(3260, 999)), 48u) << "a reply";
    EXPECT_LT(part(frame::ip4().ipv4({.protocol = 17}).ports(999, 445)), 48u) << "not TCP";
}

TEST_F(Policies, FlowletsMoveAfterAPauseOnly) {
    use("flowlets.c");
    const Frame one = frame::ip4().ipv4({}).ports(1000, 80);
    const unsigned first = part(one, 1'000'000);
    EXPECT_EQ(part(one, 1'000'500), first) << "500 us are no pause yet";
    const unsigned second = part(one, 1'001'001);
    EXPECT_NE(second, first);
    EXPECT_EQ(part(one, 1'001'400), second);
    // The counter wraps at 32 bits of microseconds, after 71 minutes.
    const uint64_t wrap = uint64_t{1} << 32;
    const unsigned third = part(one, wrap - 100);
    EXPECT_EQ(part(one, wrap + 100), third);
}

} // namespace
} // namespace lagg::bpf
