// Which word was meant, and when it is better to say nothing.
#include "control/api/nearest.hh"

#include <gtest/gtest.h>

namespace lagg::api {
namespace {

TEST(Nearest, ForgivesOneSlipOfTheFingers) {
    const std::vector<std::string> names{"show", "status", "reload"};
    EXPECT_EQ(nearest("shwo", names), "show");
    EXPECT_EQ(nearest("statsu", names), "status");
    EXPECT_EQ(nearest("relaod", names), "reload");
    EXPECT_EQ(nearest("stats", names), "status");
}

TEST(Nearest, TheFirstOfEqualsWins) {
    EXPECT_EQ(nearest("lagg2", {"lagg0", "lagg1"}), "lagg0");
    EXPECT_EQ(nearest("lagg11", {"lagg0", "lagg1"}), "lagg1");
}

TEST(Nearest, SaysNothingRatherThanSomethingFarFetched) {
    EXPECT_EQ(nearest("explode", {"show", "status", "reload"}), "");
    EXPECT_EQ(nearest("lagg0", {}), "");
    EXPECT_EQ(nearest(std::string(100000, 'x'), {"lagg0"}), "");
}

} // namespace
} // namespace lagg::api
