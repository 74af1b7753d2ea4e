// How a test learns where the frames go: by running the very functions that a worker runs.
#include "tests/control/aggregation/driven.hh"

#include <array>
#include <bitset>

namespace lagg::aggregation {

namespace {

constexpr size_t kFlows = 256;

using Frame = std::array<uint8_t, 60>;

/// A frame of its own source address for each flow.
Frame frame_of_flow(size_t flow) {
    Frame frame{2, 0, 0, 0, 9, 9, 2, 0, 0, 7};
    frame[10] = static_cast<uint8_t>(flow >> 8);
    frame[11] = static_cast<uint8_t>(flow);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    return frame;
}

std::vector<Frame> make_frames() {
    std::vector<Frame> frames;
    for (size_t flow = 0; flow < kFlows; ++flow)
        frames.push_back(frame_of_flow(flow));
    return frames;
}

/// Members as they occur, each once: what is asked of one costs more than looking at it.
using MemberSet = std::bitset<256>;

} // namespace

std::set<std::string> Driven::receivers(const worker::LaggForwarding &forwarding) const {
    using worker::Way;
    const Names all = distributing(forwarding);
    switch (forwarding.way) {
    case Way::NOWHERE: return {"nobody"};
    case Way::ALL_MEMBERS: return {all.begin(), all.end()};
    case Way::ONE_MEMBER: return {name_of(forwarding.spread.live[0], forwarding)};
    case Way::TURNS:
    case Way::STRIDES: {
        std::set<std::string> names;
        for (const uint8_t member : forwarding.spread.turns)
            names.insert(name_of(member, forwarding));
        return names;
    }
    case Way::BUCKETS:
    case Way::STEERED: break;
    }
    static const std::vector<Frame> frames = make_frames();
    MemberSet met;
    for (const Frame &frame : frames) {
        const distribute::Packet packet = distribute::Packet::of(frame);
        const distribute::Packet *pointer = &packet;
        uint16_t bucket = 0;
        forwarding.find_buckets(forwarding.spread, &pointer, 1, &bucket);
        met.set(forwarding.spread.table.member_of(bucket));
    }
    std::set<std::string> names;
    for (unsigned member = 0; member < met.size(); ++member)
        if (met[member])
            names.insert(member == distribute::kNoMember
                             ? "nobody"
                             : name_of(static_cast<uint8_t>(member), forwarding));
    return names;
}

void Driven::check_promises() const {
    const worker::LaggForwarding forwarding = aggregate.forwarding();
    const Names distributes = distributing(forwarding);
    for (const std::string &name : distributes) {
        const Member *member = aggregate.member_named(name);
        EXPECT_TRUE(member->link.up) << name << " distributes without a link";
        EXPECT_FALSE(member->leaving) << name << " distributes and has said goodbye";
    }
    EXPECT_EQ(live(forwarding), distributes) << "the spread has other members, or another order";
    MemberSet in_table;
    for (const uint8_t member : forwarding.spread.table.member)
        in_table.set(member);
    in_table.reset(distribute::kNoMember);
    for (unsigned member = 0; member < in_table.size(); ++member) {
        if (!in_table[member]) continue;
        ASSERT_LT(member, forwarding.member_count);
        ASSERT_TRUE(forwarding.members[member].distributing)
            << "a bucket leads to " << name_of(static_cast<uint8_t>(member), forwarding);
    }
    std::set<std::string> sent_to = receivers(forwarding);
    sent_to.erase("nobody");
    for (const std::string &name : sent_to)
        EXPECT_TRUE(std::ranges::count(distributes, name) == 1) << name << " gets frames";
    EXPECT_EQ(aggregate.up(), !distributes.empty());
}

} // namespace lagg::aggregation
