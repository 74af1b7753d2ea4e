// The promise of layer3+4: whatever the pattern of its flows, 4096 of them lie on up to eight
// members so that none has more than 1.15 times its share. Chance itself comes close to that limit
// at eight members, so a hash that is worse than chance anywhere is seen.
#include "bench/patterns/evenness.hh"
#include "bench/patterns/patterns.hh"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>

namespace lagg::bench {
namespace {

constexpr double kLimit = 1.15;
constexpr distribute::Policy kLayer34{.fields = distribute::kLayer34, .seed = 1};
constexpr distribute::Policy kEncap34{.fields = distribute::kLayer34, .inner = true, .seed = 1};

class Evenly : public testing::TestWithParam<Pattern> {
  protected:
    const Frames frames_ = frames_of(GetParam());

    void expect_even(const distribute::Policy &policy) const {
        for (unsigned members = 2; members <= 8; members++)
            EXPECT_LT(evenness(by_laggd(frames_, policy, members), members).flows, kLimit)
                << members << " members";
    }
};

/// Else a pattern without its flows would pass for even.
TEST_P(Evenly, HasAsManyFlowsAsItSays) {
    ASSERT_EQ(frames_.size(), kFlows);
    EXPECT_EQ(distinct(flow_numbers(frames_, kLayer34)), GetParam().flows34);
    if (is_tunnel(GetParam())) {
        EXPECT_EQ(distinct(flow_numbers(frames_, kEncap34)), kFlows);
    }
}

TEST_P(Evenly, ByLayer34) {
    if (GetParam().flows34 == kFlows) expect_even(kLayer34);
}

TEST_P(Evenly, WhatATunnelCarriesByEncap34) {
    if (is_tunnel(GetParam())) expect_even(kEncap34);
}

INSTANTIATE_TEST_SUITE_P(Patterns, Evenly, testing::ValuesIn(patterns().begin(), patterns().end()),
                         [](const auto &test) {
                             std::string name = test.param.name;
                             for (char &letter : name)
                                 if (std::isalnum(static_cast<unsigned char>(letter)) == 0)
                                     letter = '_';
                             return name;
                         });

TEST(Patterns, HaveNamesOfTheirOwn) {
    std::set<std::string> names;
    for (const Pattern &pattern : patterns())
        names.insert(pattern.name);
    EXPECT_EQ(names.size(), 50u);
}

TEST(EvennessFigure, IsTheGreatestShareInTermsOfTheMean) {
    EXPECT_DOUBLE_EQ(evenness(Numbers{0, 1, 2, 3}, 4).flows, 1.0);
    EXPECT_DOUBLE_EQ(evenness(Numbers{0, 0, 0, 1}, 2).flows, 1.5);
    EXPECT_DOUBLE_EQ(evenness(Numbers{2, 2, 2}, 8).flows, 8.0);
    EXPECT_DOUBLE_EQ(evenness(Numbers{2, 2, 2}, 8).bytes, 8.0);
}

TEST(FlowNumbers, BothDirectionsAreOneFlowForASymmetricPolicyOnly) {
    const Flow forth{.source_port = 1, .destination_port = 2};
    const Flow back{.source = forth.destination,
                    .destination = forth.source,
                    .source_port = 2,
                    .destination_port = 1};
    const Frames frames{frame_of(forth), frame_of(back)};
    EXPECT_EQ(distinct(flow_numbers(frames, kLayer34)), 2u);
    distribute::Policy symmetric = kLayer34;
    symmetric.symmetric = true;
    EXPECT_EQ(distinct(flow_numbers(frames, symmetric)), 1u);
}

} // namespace
} // namespace lagg::bench
