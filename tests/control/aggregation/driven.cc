// How a test learns where the frames go: by running the very functions that a worker runs.
#include "tests/control/aggregation/driven.hh"

#include <array>

namespace lagg::aggregation {

namespace {

constexpr size_t kFlows = 1000;

/// A frame of its own source address for each flow.
std::array<uint8_t, 60> frame_of_flow(size_t flow) {
    std::array<uint8_t, 60> frame{2, 0, 0, 0, 9, 9, 2, 0, 0, 7};
    frame[10] = static_cast<uint8_t>(flow >> 8);
    frame[11] = static_cast<uint8_t>(flow);
    frame[12] = 0x88;
    frame[13] = 0xb5;
    return frame;
}

} // namespace

std::set<std::string> Driven::receivers() const {
    const worker::LaggForwarding forwarding = aggregate.forwarding();
    using worker::Way;
    const Names all = distributing();
    switch (forwarding.way) {
    case Way::NOWHERE: return {"nobody"};
    case Way::ALL_MEMBERS: return {all.begin(), all.end()};
    case Way::ONE_MEMBER: return {name_of(forwarding.spread.live[0])};
    case Way::TURNS:
    case Way::STRIDES: {
        std::set<std::string> names;
        for (const uint8_t member : forwarding.spread.turns)
            names.insert(name_of(member));
        return names;
    }
    case Way::BUCKETS:
    case Way::STEERED: break;
    }
    std::vector<std::array<uint8_t, 60>> frames;
    for (size_t flow = 0; flow < kFlows; ++flow)
        frames.push_back(frame_of_flow(flow));
    std::set<std::string> names;
    for (const auto &frame : frames) {
        const distribute::Packet packet{.buffer = frame.data(), .octets = sizeof frame};
        const distribute::Packet *pointer = &packet;
        uint16_t bucket = 0;
        forwarding.find_buckets(forwarding.spread, &pointer, 1, &bucket);
        const uint8_t member = forwarding.spread.table.member_of(bucket);
        names.insert(member == distribute::kNoMember ? "nobody" : name_of(member));
    }
    return names;
}

void Driven::check_promises() const {
    const worker::LaggForwarding forwarding = aggregate.forwarding();
    const Names distributes = distributing();
    for (const std::string &name : distributes) {
        const Member *member = aggregate.find(name);
        EXPECT_TRUE(member->link.up) << name << " distributes without a link";
        EXPECT_FALSE(member->leaving) << name << " distributes and has said goodbye";
    }
    EXPECT_EQ(live(), distributes) << "the spread has other members, or another order";
    for (uint8_t member : forwarding.spread.table.member) {
        if (member == distribute::kNoMember) continue;
        ASSERT_LT(member, forwarding.member_count);
        ASSERT_TRUE(forwarding.members[member].distributing)
            << "a bucket leads to " << name_of(member);
    }
    std::set<std::string> sent_to = receivers();
    sent_to.erase("nobody");
    for (const std::string &name : sent_to)
        EXPECT_TRUE(std::ranges::count(distributes, name) == 1) << name << " gets frames";
    EXPECT_EQ(aggregate.up(), !distributes.empty());
}

} // namespace lagg::aggregation
