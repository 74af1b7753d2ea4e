// Guesses at the slip behind a syntax error must not lead astray.
#include "control/config/load.hh"

#include <gtest/gtest.h>

namespace lagg::config {
namespace {

std::string message_of(const std::string &text) {
    const Loaded loaded = parse(text, "f");
    const auto *mistakes = std::get_if<Mistakes>(&loaded);
    if (!mistakes) return "no mistake";
    EXPECT_EQ(mistakes->list.size(), 1u);
    return to_string(mistakes->list[0]);
}

bool says(const std::string &text, const std::string &part) {
    const std::string message = message_of(text);
    const bool found = message.find(part) != std::string::npos;
    if (!found) ADD_FAILURE() << message << "\n  does not say: " << part;
    return found;
}

TEST(SyntaxHint, NamesTheLineOfAnOpenArray) {
    says("ports = [\"a\", \"b\"\n\n\n[[port]]\n", "the array opened near line 1 is not closed");
    says("x = 1\nports = [\n \"a\",\n \"b\",\n[port]\n",
         "the array opened near line 2 is not closed");
    says("ports = [\"a\"", "the array opened near line 1 is not closed");
}

TEST(SyntaxHint, BracketsInStringsAndCommentsAreNoArrays) {
    for (const char *opening :
         {"a = \"[\"\n", "a = '['\n", "# [\n", "a = \"\\\"[\"\n", "a = \"\"\"\n[\"\"\"\n",
          "a = [1] # [\n", "[[port]]\n[port.lacp]\n"}) {
        EXPECT_EQ(message_of(std::string(opening) + "\nb = x").find("not closed"),
                  std::string::npos)
            << opening;
    }
}

TEST(SyntaxHint, AWordWithinALongArrayIsNotAnOpenArray) {
    says("ports = [\n  p0,\n  \"p1\",\n]\n", "text needs quotes: \"p0\"");
}

TEST(SyntaxHint, TextWithoutQuotes) {
    says("mode = active\n", "text needs quotes: \"active\"");
    says("device = 0000:03:00.0 # left\n", "text needs quotes: \"0000:03:00.0\"");
    says("ports = [p0, p1]\n", "text needs quotes: \"p0\"");
    says("description = { a = lagg0 }\n", "text needs quotes: \"lagg0\"");
}

TEST(SyntaxHint, KeysAndHeadersNeedNoQuotes) {
    for (const char *text :
         {"\xc3\xa9 = 1\n", "name: 1\n", "[[l\xc3\xa9gg]]\n", "a.\xc3\xa9 = 1\n", "mtu\n"}) {
        EXPECT_EQ(message_of(text).find("quotes"), std::string::npos) << message_of(text);
    }
}

TEST(SyntaxHint, Booleans) {
    says("strict = yes\n", "; write true");
    says("strict = False\n", "; write false");
    says("strict = off\n", "; write false");
}

TEST(SyntaxHint, NumbersNeedNoQuotes) {
    EXPECT_EQ(message_of("mtu = 0900\n").find("quotes"), std::string::npos);
}

TEST(SyntaxHint, TypographicQuotes) {
    says("name = \xe2\x80\x9clagg0\xe2\x80\x9d\n", "use the plain quote");
}

TEST(SyntaxHint, OpenStrings) {
    says("a = \"\"\"x\ny\nz = 1\n", "the string opened near line 1 is not closed");
    says("a = \"x\nb = 1\n", "is a closing quote missing?");
}

TEST(SyntaxHint, TablesGivenTwice) {
    says("[lagg]\n[lagg]\n", "write [[lagg]] in front of each lagg");
    says("[port]\n[[port]]\n", "write [[port]] in front of each port");
    says("[daemon]\n[daemon]\n", "a key may be given once");
}

} // namespace
} // namespace lagg::config
