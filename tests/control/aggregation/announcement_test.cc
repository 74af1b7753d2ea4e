// The frames that tell a switch where the lagg is now, octet by octet.
#include "control/aggregation/announcement.hh"

#include <gtest/gtest.h>

namespace lagg::aggregation {

namespace {

constexpr MacAddress kMac{0x02, 0, 0, 0, 0, 0x07};

config::Alias ipv4(std::array<uint8_t, 4> address) {
    config::Alias alias{.v6 = false, .address = {}, .prefix_length = 24};
    std::copy(address.begin(), address.end(), alias.address.begin());
    return alias;
}

config::Alias ipv6() {
    return {.v6 = true,
            .address = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01},
            .prefix_length = 64};
}

std::vector<uint8_t> part(const std::vector<uint8_t> &frame, size_t from, size_t size) {
    return {frame.begin() + static_cast<ptrdiff_t>(from),
            frame.begin() + static_cast<ptrdiff_t>(from + size)};
}

/// The one's complement sum of an ICMPv6 message behind its pseudo header; 0xffff when it is right.
uint32_t sum_of(const std::vector<uint8_t> &frame) {
    uint32_t sum = static_cast<uint32_t>(frame.size() - 54) + 58; // length and next header
    for (size_t i = 22; i < frame.size(); i += 2) // both addresses, then the message
        sum += static_cast<uint32_t>(frame[i] << 8 | frame[i + 1]);
    while ((sum >> 16) != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum;
}

} // namespace

TEST(Announcement, AGratuitousArpNamesTheAddressTwice) {
    const auto frames = announcements(kMac, {ipv4({192, 0, 2, 1})});
    ASSERT_EQ(frames.size(), 1u);
    const std::vector<uint8_t> expected{
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x07, 0x08, 0x06, // Ethernet
        0,    1,    0x08, 0,    6,    4,    0,    1,                            // request
        0x02, 0,    0,    0,    0,    0x07, 192,  0, 2, 1,                      // sender
        0,    0,    0,    0,    0,    0,    192,  0, 2, 1};                     // target
    EXPECT_EQ(part(frames[0], 0, expected.size()), expected);
    EXPECT_EQ(frames[0].size(), 60u) << "the shortest frame without FCS";
}

TEST(Announcement, ANeighborAdvertisementOverridesWithARightChecksum) {
    const auto frames = announcements(kMac, {ipv6()});
    ASSERT_EQ(frames.size(), 1u);
    const std::vector<uint8_t> &frame = frames[0];
    ASSERT_EQ(frame.size(), 86u);
    EXPECT_EQ(part(frame, 0, 6), (std::vector<uint8_t>{0x33, 0x33, 0, 0, 0, 1}));
    EXPECT_EQ(part(frame, 18, 4), (std::vector<uint8_t>{0, 32, 58, 255}));
    EXPECT_EQ(part(frame, 54, 2), (std::vector<uint8_t>{136, 0}));
    EXPECT_EQ(frame[58], 0x20) << "Override, neither Router nor Solicited";
    EXPECT_EQ(part(frame, 62, 16), part(frame, 22, 16)) << "target is the source";
    EXPECT_EQ(part(frame, 78, 8), (std::vector<uint8_t>{2, 1, 0x02, 0, 0, 0, 0, 0x07}));
    EXPECT_EQ(sum_of(frame), 0xffffu);
}

TEST(Announcement, OneFrameAnAliasAndARarpWithoutAny) {
    EXPECT_EQ(announcements(kMac, {ipv4({192, 0, 2, 1}), ipv6(), ipv4({198, 51, 100, 1})}).size(),
              3u);
    const auto frames = announcements(kMac, {});
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(part(frames[0], 12, 2), (std::vector<uint8_t>{0x80, 0x35}));
    EXPECT_EQ(part(frames[0], 20, 2), (std::vector<uint8_t>{0, 3}));
}

} // namespace lagg::aggregation
