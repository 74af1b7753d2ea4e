// The round that the reference computes is that of the standard; the oracle's tests then say that
// the instructions do the same.
#include "dataplane/distribute/aes_round.hh"

#include <gtest/gtest.h>

namespace lagg::distribute {
namespace {

using State = std::array<uint8_t, 16>;

// FIPS 197, appendix B: the start of round 1, its key, and the start of round 2.
TEST(AesRound, IsThatOfTheStandard) {
    const State start{0x19, 0x3d, 0xe3, 0xbe, 0xa0, 0xf4, 0xe2, 0x2b,
                      0x9a, 0xc6, 0x8d, 0x2a, 0xe9, 0xf8, 0x48, 0x08};
    const State key{0xa0, 0xfa, 0xfe, 0x17, 0x88, 0x54, 0x2c, 0xb1,
                    0x23, 0xa3, 0x39, 0x39, 0x2a, 0x6c, 0x76, 0x05};
    const State after{0xa4, 0x9c, 0x7f, 0xf2, 0x68, 0x9f, 0x35, 0x2b,
                      0x6b, 0x5b, 0xea, 0x43, 0x02, 0x6a, 0x50, 0x49};
    EXPECT_EQ(aes_round(start, key), after);
}

// FIPS 197, figure 7.
TEST(AesRound, SubstitutesAsTheStandardDoes) {
    EXPECT_EQ(aes::kSubstitution[0x00], 0x63);
    EXPECT_EQ(aes::kSubstitution[0x53], 0xed);
    EXPECT_EQ(aes::kSubstitution[0xff], 0x16);
}

} // namespace
} // namespace lagg::distribute
