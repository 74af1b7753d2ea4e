// Suggestions and quoting in messages.
#include "dataplane/base/wording.hh"

#include <gtest/gtest.h>

namespace lagg {
namespace {

TEST(EditDistance, CountsSlips) {
    EXPECT_EQ(edit_distance("", ""), 0u);
    EXPECT_EQ(edit_distance("", "mtu"), 3u);
    EXPECT_EQ(edit_distance("mtu", ""), 3u);
    EXPECT_EQ(edit_distance("mtu", "mtu"), 0u);
    EXPECT_EQ(edit_distance("prots", "ports"), 1u); // neighbours swapped
    EXPECT_EQ(edit_distance("mtuu", "mtu"), 1u);
    EXPECT_EQ(edit_distance("ht", "hat"), 1u);
    EXPECT_EQ(edit_distance("mut", "mtx"), 2u);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Nearest, FindsTheLikelyOne) {
    const std::vector<std::string> keys = {"name", "ports", "mtu", "min_links"};
    EXPECT_EQ(nearest("prots", keys), "ports");
    EXPECT_EQ(nearest("port", keys), "ports");
    EXPECT_EQ(nearest("NAME", keys), "name");
    EXPECT_EQ(nearest("minlinks", keys), "min_links");
    EXPECT_EQ(nearest("colour", keys), std::nullopt);
    EXPECT_EQ(nearest("", keys), std::nullopt);
    EXPECT_EQ(nearest("ports", {}), std::nullopt);
}

TEST(Nearest, DoesNotChooseBetweenEquals) {
    EXPECT_EQ(nearest("p3", {"p0", "p1"}), std::nullopt);
    EXPECT_EQ(nearest("p3", {"p0"}), "p0");
    // A nearer one after two equals is still the nearest.
    EXPECT_EQ(nearest("port10", {"port20", "port30", "port1"}), std::nullopt);
    EXPECT_EQ(nearest("ports10", {"ports23", "ports34", "ports1"}), "ports1");
}

TEST(Nearest, IgnoresEndlessWords) {
    EXPECT_EQ(nearest(std::string(100000, 'a'), {std::string(100000, 'a')}), std::nullopt);
}

TEST(InQuotes, IsPrintableAndShort) {
    EXPECT_EQ(in_quotes("lagg0"), "\"lagg0\"");
    EXPECT_EQ(in_quotes("a\nb\tc\x1b[0m"), "\"a\\nb\\tc\\x1b[0m\"");
    EXPECT_EQ(in_quotes(std::string("a\0b", 3)), "\"a\\x00b\"");
    EXPECT_EQ(in_quotes(std::string(60, 'x')), '"' + std::string(60, 'x') + '"');
    EXPECT_EQ(in_quotes(std::string(61, 'x')), '"' + std::string(60, 'x') + "...\"");
    // 59 octets and a letter of two: the letter goes as a whole.
    EXPECT_EQ(in_quotes(std::string(59, 'x') + "\xc3\xa9x"), '"' + std::string(59, 'x') + "...\"");
}

TEST(InQuotes, ShowsWhatIsHidden) {
    EXPECT_EQ(in_quotes("\xc2\x9b"
                        "31m\xe2\x80\xae"
                        "x\xd8\x9c"),
              "\"\\x9b31m\\u202ex\\u061c\"");
    EXPECT_EQ(in_quotes("a\xff\xc3"), "\"a\\xff\\xc3\"");
}

TEST(ShowsAsWritten, LettersOfAnyLanguageDo) {
    EXPECT_TRUE(shows_as_written("Gr\xc3\xbc\xc3\x9f"
                                 "e \xd7\xa9\xd7\x9c\xe2\x82\xac\xf0\x9f\x98\x80"));
    EXPECT_TRUE(shows_as_written(""));
    for (const char *hidden :
         {"\x1b[0m", "\x7f", "\xc2\x85", "\xc2\x9b", "\xd8\x9c", "\xe2\x80\x8e", "\xe2\x80\x8f",
          "\xe2\x80\xa8", "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9",
          "\xc0\x9b", "\xe0\x80\x9b", "\x80", "\xff", "\xc3", "\xe2\x80", "\xf5\x80\x80\x80"})
        EXPECT_FALSE(shows_as_written(hidden)) << in_quotes(hidden);
}

TEST(Listed, EndsSomewhere) {
    EXPECT_EQ(listed({}), "");
    EXPECT_EQ(listed({"a"}), "a");
    EXPECT_EQ(listed({"a", "b"}), "a, b");
    EXPECT_EQ(listed(std::vector<std::string>(17, "a")).substr(42), "a, a, ...");
}

} // namespace
} // namespace lagg
