// Names as transcripts and the client show them.
#include "lacp/text.hh"

#include <gtest/gtest.h>

namespace lagg::lacp {
namespace {

TEST(Text, FlagsAreInBitOrder) {
    EXPECT_EQ(flags_text(state_from_octet(0xff)), "ASGNCDFE");
    EXPECT_EQ(flags_text(state_from_octet(0x00)), "--------");
    EXPECT_EQ(flags_text(state_from_octet(0x3d)), "A-GNCD--");
    EXPECT_EQ(flags_text(state_from_octet(0xc7)), "ASG---FE");
}

TEST(Text, SystemIsPriorityAndAddress) {
    EXPECT_EQ(to_text(SystemId{0x8000, {0x02, 0, 0, 0xaa, 0, 0x01}}), "8000,02-00-00-aa-00-01");
    EXPECT_EQ(to_text(SystemId{0x000f, {}}), "000f,00-00-00-00-00-00");
}

TEST(Text, StatesHaveTheStandardsNames) {
    EXPECT_STREQ(to_text(RxState::LACP_DISABLED), "LACP_DISABLED");
    EXPECT_STREQ(to_text(PeriodicState::PERIODIC_TX), "PERIODIC_TX");
    EXPECT_STREQ(to_text(MuxState::COLLECTING_DISTRIBUTING), "COLLECTING_DISTRIBUTING");
    EXPECT_STREQ(to_text(ChurnState::NO_CHURN), "NO_CHURN");
    EXPECT_STREQ(to_text(Selected::STANDBY), "STANDBY");
}

} // namespace
} // namespace lagg::lacp
