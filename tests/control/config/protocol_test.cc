// Whether each row of the table of protocols says all that is asked of it.
#include "control/config/choices.hh"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lagg::config {

TEST(Protocols, EachOfAFileHasAWordOfItsOwnThatLeadsBackToIt) {
    std::set<std::string> words;
    for (const auto &[word, protocol] : kProtocols) {
        EXPECT_TRUE(words.insert(word).second) << word;
        EXPECT_STREQ(to_text(protocol), word);
        EXPECT_NE(protocol, Protocol::UNKNOWN);
    }
    EXPECT_FALSE(words.contains(""));
    EXPECT_EQ(words.size(), std::size(kProtocolTable) - 1);
}

TEST(Protocols, EachHasItsTextsAndTheyNameWhatIsThere) {
    for (const ProtocolTraits &traits : kProtocolTable) {
        const std::string told =
            fmt::format(fmt::runtime(traits.distributes), fmt::arg("policy", "layer2"),
                        fmt::arg("seed", 1U), fmt::arg("stride", 8U));
        const std::string flow = fmt::format(fmt::runtime(traits.flow), fmt::arg("ports", "p0, p1"),
                                             fmt::arg("stride", 8U), fmt::arg("buckets", 4096U));
        EXPECT_NE(told, "") << traits.word;
        EXPECT_NE(flow, "") << traits.word;
        EXPECT_EQ(flow.find("p0, p1") != std::string::npos, traits.carriers != Carriers::NOBODY)
            << flow;
    }
}

/// A lagg that spreads frames has ports that carry them, and the other way round.
TEST(Protocols, WhoCarriesFitsHowFramesAreSpread) {
    for (const ProtocolTraits &traits : kProtocolTable) {
        EXPECT_EQ(traits.mode == Mode::NONE, traits.carriers == Carriers::NOBODY) << traits.word;
        EXPECT_EQ(traits.mode == Mode::FAILOVER, traits.carriers == Carriers::FIRST) << traits.word;
    }
}

} // namespace lagg::config
