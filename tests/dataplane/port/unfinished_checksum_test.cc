// Checksums that a local sender left to its device.
#include "dataplane/port/unfinished_checksum.hh"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <vector>

namespace lagg::port {

TEST(UnfinishedChecksum, KnowsTheExampleOfRfc1071) {
    std::vector<uint8_t> frame{0xff, 0xff, 0x00, 0x01, 0xf2, 0x03, 0xf4,
                               0xf5, 0xf6, 0xf7, 0x00, 0x00, 0x00, 0x00};
    ASSERT_TRUE(finish_checksum(frame.data(), 14, 2, 10));
    // The sum is 0xddf2, the checksum its complement.
    EXPECT_EQ(frame[12], 0x22);
    EXPECT_EQ(frame[13], 0x0d);
}

TEST(UnfinishedChecksum, OfZeroIsWrittenAsTheOtherZero) {
    std::array<uint8_t, 8> frame{0xff, 0xff, 0, 0, 0, 0, 0, 0};
    ASSERT_TRUE(finish_checksum(frame.data(), frame.size(), 0, 6));
    EXPECT_EQ(frame[6], 0xff);
    EXPECT_EQ(frame[7], 0xff);
}

TEST(UnfinishedChecksum, OfSctpIsCrc32c) {
    // RFC 3720, appendix B.4: 32 octets of zeros. The octets before them do not count.
    std::array<uint8_t, 40> frame{};
    frame[0] = 0x77;
    ASSERT_TRUE(finish_checksum(frame.data(), frame.size(), 8, 8));
    const std::array<uint8_t, 4> expected{0xaa, 0x36, 0x91, 0x8a};
    EXPECT_EQ(std::memcmp(frame.data() + 16, expected.data(), expected.size()), 0);
}

TEST(UnfinishedChecksum, OutsideOfTheFrameWritesNothing) {
    std::array<uint8_t, 32> octets;
    octets.fill(0x5a);
    const std::array<uint8_t, 32> before = octets;
    uint8_t *frame = octets.data() + 8;
    constexpr uint32_t kLength = 16;
    for (const auto &[start, offset] : std::vector<std::pair<uint32_t, uint32_t>>{{0, 15},
                                                                                  {0, 16},
                                                                                  {15, 0},
                                                                                  {16, 0},
                                                                                  {17, 0},
                                                                                  {4, 11},
                                                                                  {5, 8},
                                                                                  {0xffff, 0xffff},
                                                                                  {0xffff, 8},
                                                                                  {0, 0xffff}})
        EXPECT_FALSE(finish_checksum(frame, kLength, start, offset)) << start << " " << offset;
    EXPECT_EQ(octets, before);
}

TEST(UnfinishedChecksum, MayStandInTheLastOctets) {
    std::array<uint8_t, 16> frame{};
    EXPECT_TRUE(finish_checksum(frame.data(), 16, 0, 14));
    EXPECT_TRUE(finish_checksum(frame.data(), 16, 4, 8)) << "the four octets of SCTP";
}

} // namespace lagg::port
