// What a start, a reload and --check make of the same file.
#include "laggd/candidate.hh"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace lagg::daemon {
namespace {

using Purpose = Situation::Purpose;

class CandidateTest : public testing::Test {
  protected:
    ~CandidateTest() override { std::remove(file_.c_str()); }

    /// Mistakes without the name of the file, or the candidate.
    std::vector<std::string> mistakes(const std::string &text, const Situation &situation) {
        std::ofstream(file_) << text;
        const auto read = read_candidate(file_, situation);
        std::vector<std::string> messages;
        if (const auto *found = std::get_if<config::Mistakes>(&read))
            for (const config::Mistake &mistake : found->list)
                messages.push_back(to_string(mistake).substr(file_.size() + 1));
        else
            candidate_ = std::get<Candidate>(read);
        return messages;
    }

    Candidate good(const std::string &text, const Situation &situation) {
        EXPECT_EQ(mistakes(text, situation), Messages{});
        return candidate_;
    }

    using Messages = std::vector<std::string>;
    const std::string file_ = testing::TempDir() + "candidate-" + std::to_string(getpid());
    Candidate candidate_;
};

constexpr const char *kRing = R"([daemon]
buffers = 32768
[[port]]
name = "p0"
device = "net_ring0"
[[lagg]]
name = "lagg0"
ports = ["p0"]
upper = "none"
)";

constexpr const char *kGone = R"([[port]]
name = "p0"
device = "net_af_packet,iface=notthere"
[[lagg]]
name = "lagg0"
ports = ["p0"]
upper = "none"
)";

TEST_F(CandidateTest, AFileIsHeldAgainstItselfFirst) {
    for (const Purpose purpose : {Purpose::START, Purpose::RELOAD, Purpose::CHECK})
        EXPECT_EQ(mistakes("[daemon]\npool = 1\n", {.purpose = purpose}),
                  Messages{"2:1: unknown key 'pool' in [daemon]; did you mean 'poll'?"});
}

TEST_F(CandidateTest, ADeviceThatIsNotThereDoesNotKeepTheDaemonFromStarting) {
    EXPECT_EQ(good(kGone, {.purpose = Purpose::START}).config.ports.size(), 1u);
    for (const Purpose purpose : {Purpose::RELOAD, Purpose::CHECK}) {
        const Messages found = mistakes(kGone, {.purpose = purpose});
        ASSERT_EQ(found.size(), 1u);
        EXPECT_TRUE(found[0].starts_with("3:10: port p0: ")) << found[0];
    }
}

TEST_F(CandidateTest, AReloadDoesNotAskForTheDevicesThatRun) {
    const config::Config running = good(kGone, {.purpose = Purpose::START}).config;
    const std::string other = std::string(kGone) + "description = \"other\"\n";
    const Candidate next =
        good(other, {.purpose = Purpose::RELOAD, .begun = running, .running = running});
    EXPECT_EQ(next.differences,
              (std::vector<config::Difference>{
                  {"lagg[lagg0].description", "\"\"", "\"other\"", config::Cost::NOTHING}}));
}

TEST_F(CandidateTest, ToFewBuffersAreFoundAtTheKey) {
    std::string text = kRing;
    text.replace(text.find("32768"), 5, " 1024");
    for (const Purpose purpose : {Purpose::START, Purpose::CHECK}) {
        const Messages found = mistakes(text, {.purpose = purpose});
        ASSERT_EQ(found.size(), 1u);
        EXPECT_TRUE(found[0].starts_with("2:12: ")) << found[0];
    }
}

TEST_F(CandidateTest, AReloadHasTheBuffersThatTheStartMade) {
    const config::Config begun = good(kRing, {.purpose = Purpose::START}).config;
    std::string text = kRing;
    text.replace(text.find("net_ring0\"\n"), 11, "net_tap0\"\ndescriptors = 32768\n");
    const Messages found =
        mistakes(text, {.purpose = Purpose::RELOAD, .begun = begun, .running = begun});
    ASSERT_EQ(found.size(), 1u);
    EXPECT_TRUE(found[0].starts_with("5:10: the ports need ")) << found[0];
}

TEST_F(CandidateTest, KeysOfTheDaemonWaitForTheNextStart) {
    const config::Config running = good(kRing, {.purpose = Purpose::START}).config;
    const std::string text =
        std::string(kRing).replace(0, 9, "[daemon]\npoll = \"busy\"\nlog = \"debug\"\n");
    const Candidate next =
        good(text, {.purpose = Purpose::RELOAD, .begun = running, .running = running});
    EXPECT_EQ(config::waiting_keys(next.differences), (Messages{"poll", "log"}));
}

TEST_F(CandidateTest, ACheckLooksAtFilesAndFilters) {
    const std::string text = std::string("[daemon]\nrecord = \"/dev/null\"\n") +
                             (kRing + std::string(kRing).find("[[port]]")) +
                             "rules = [{ filter = \"tcp prot 3\", port = \"p0\" }]\n";
    const Messages found = mistakes(text, {.purpose = Purpose::CHECK});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(found[0].starts_with("2:10: ")) << found[0];
    EXPECT_TRUE(found[1].starts_with("10:21: lagg0: ")) << found[1];
}

} // namespace
} // namespace lagg::daemon
