// Speeds and durations.
#include "laggctl/port_words.hh"

#include <gtest/gtest.h>

#include <limits>

namespace lagg::ctl {
namespace {

TEST(Words, Speed) {
    EXPECT_EQ(speed_text(0), "-");
    EXPECT_EQ(speed_text(10), "10M");
    EXPECT_EQ(speed_text(100), "100M");
    EXPECT_EQ(speed_text(1000), "1G");
    EXPECT_EQ(speed_text(2500), "2.5G");
    EXPECT_EQ(speed_text(1234), "1234M");
    EXPECT_EQ(speed_text(20'000'000), "20000G");
}

TEST(Words, Duration) {
    EXPECT_EQ(duration_text(0), "0.0 s");
    EXPECT_EQ(duration_text(1.24), "1.2 s");
    EXPECT_EQ(duration_text(9.96), "10 s");
    EXPECT_EQ(duration_text(95), "95 s");
    EXPECT_EQ(duration_text(119.7), "1 min");
    EXPECT_EQ(duration_text(3600), "60 min");
    EXPECT_EQ(duration_text(18750), "5 h 12 min");
    EXPECT_EQ(duration_text(3 * 86400 + 4 * 3600), "3 d 4 h");
    EXPECT_EQ(duration_text(-1), "0.0 s");
    EXPECT_EQ(duration_text(std::numeric_limits<double>::quiet_NaN()), "0.0 s");
}

} // namespace
} // namespace lagg::ctl
