// What an Aggregate records can be played again, and the replay does the same.
#include "control/recording/replay.hh"

#include "tests/control/aggregation/pair.hh"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace lagg::aggregation {

namespace {

using namespace std::chrono_literals;

/// A path of its own, removed with what was recorded there.
struct Path {
    std::string text = testing::TempDir() + "lagg-recording-" + std::to_string(getpid());
    Path() { remove(); }
    ~Path() { remove(); }
    void remove() const {
        std::filesystem::remove(text);
        std::filesystem::remove(text + ".1");
    }
    std::string content() const {
        std::ostringstream out;
        out << std::ifstream(text).rdbuf();
        return out.str();
    }
};

/// A life with a bit of everything.
void live(recording::Recorder &recorder) {
    const config::Lagg config = lagg(Protocol::LACP, {"p0", "p1", "p2"});
    Pair pair(config, config, &recorder);
    pair.run(5s);
    pair.set_link("p1", false);
    pair.run(2s);
    pair.set_link("p1", true);
    pair.run(5s);
    pair.a.reconfigure([](config::Lagg &next) {
        next.lacp.max_links = 2;
        next.lacp.partner.key = 7;
        next.lacp.wait_to_restore_seconds = 3;
    });
    pair.run(5s);
    pair.a.aggregate.leave("p0", pair.a.now);
    pair.run(1s);
    pair.a.detach("p0");
    pair.run(1s);
    pair.a.reconfigure([](config::Lagg &next) { next.protocol = Protocol::FAILOVER; });
    pair.a.reconfigure([](config::Lagg &next) { next.protocol = Protocol::LACP; });
    pair.run(5s);
    EXPECT_FALSE(pair.a.distributing().empty());
}

std::string record() {
    const Path path;
    {
        const auto recorder = recording::Recorder::open(path.text);
        EXPECT_TRUE(recorder);
        live(**recorder);
    }
    return path.content();
}

Result<recording::Replayed> replay(const std::string &text, std::string *transcript = nullptr) {
    std::istringstream in(text);
    std::ostringstream out;
    Result<recording::Replayed> replayed = recording::replay(in, out);
    if (transcript != nullptr) *transcript = out.str();
    return replayed;
}

TEST(Recording, AReplayDoesWhatWasRecorded) {
    std::string transcript;
    const Result<recording::Replayed> replayed = replay(record(), &transcript);
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_GT(replayed->events, 50U);
    EXPECT_GT(replayed->actions, 100U);
    EXPECT_FALSE(replayed->cut_short);
    for (const char *line :
         {"port 2 link down", "port 1 is leaving", "port 3 collects, distributes",
          "port 2 mux: COLLECTING -> DISTRIBUTING (partner is collecting)"})
        EXPECT_NE(transcript.find(line), std::string::npos) << line;
}

TEST(Recording, ADifferenceIsFoundWhereItIs) {
    const std::string recorded = record();
    const auto changed = [&](const std::string &from, const std::string &to) {
        std::string text = recorded;
        text.replace(text.find(from), from.size(), to);
        const Result<recording::Replayed> replayed = replay(text);
        return replayed ? "no difference" : replayed.error().message;
    };
    EXPECT_NE(
        changed("-> ATTACHED (ready)", "-> ATTACHED (bored)").find("recorded was: port 1 mux"),
        std::string::npos);
    EXPECT_NE(changed("\"port_priority\":32768", "\"port_priority\":5").find("with another frame"),
              std::string::npos);
    EXPECT_NE(changed("\"event\":\"link\"", "\"event\":\"lynx\"").find("there is no event"),
              std::string::npos);
}

TEST(Recording, WhereLinesWereLostItStopsAndSaysSo) {
    std::string recorded = record();
    const size_t middle = recorded.find('\n', recorded.size() / 2) + 1;
    recorded.insert(middle, "{\"lost\":3}\n");
    const Result<recording::Replayed> replayed = replay(recorded);
    ASSERT_TRUE(replayed) << replayed.error().message;
    EXPECT_TRUE(replayed->cut_short);
    EXPECT_GT(replayed->events, 10U);
}

TEST(Recording, HalfALineAtTheEndIsADaemonThatWasKilled) {
    const std::string recorded = record();
    const Result<recording::Replayed> replayed = replay(recorded.substr(0, recorded.size() - 20));
    EXPECT_TRUE(replayed) << replayed.error().message;
}

TEST(Recording, TheRunBeforeIsKept) {
    const Path path;
    std::ofstream(path.text) << "before\n";
    const auto recorder = recording::Recorder::open(path.text);
    ASSERT_TRUE(recorder);
    std::string kept;
    std::getline(std::ifstream(path.text + ".1"), kept);
    EXPECT_EQ(kept, "before");
}

TEST(Recording, AFileThatCannotBeIsAClearMistake) {
    const auto recorder = recording::Recorder::open("/nowhere/at/all");
    ASSERT_FALSE(recorder);
    EXPECT_EQ(recorder.error().message,
              "cannot record to /nowhere/at/all: No such file or directory; "
              "change [daemon] record or remove it");
}

TEST(Recording, OnlyARegularFileIsPutAside) {
    const Path path;
    const std::string target = path.text + ".target";
    std::ofstream(target) << "of somebody else";
    std::filesystem::create_symlink(target, path.text);
    const auto recorder = recording::Recorder::open(path.text);
    std::filesystem::remove(target);
    ASSERT_FALSE(recorder);
    EXPECT_EQ(recorder.error().message,
              "cannot record to " + path.text +
                  ": it is a symbolic link and not a regular file; change [daemon] record or "
                  "remove it");
    EXPECT_TRUE(std::filesystem::is_symlink(path.text));
    EXPECT_EQ(recording::Recorder::open("/dev/null").error().message,
              "cannot record to /dev/null: it is a device and not a regular file; change [daemon] "
              "record or remove it");
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Recording, NothingIsPutInPlaceOfWhatIsNoFile) {
    const Path path;
    std::ofstream(path.text) << "before\n";
    std::filesystem::create_symlink("/dev/null", path.text + ".1");
    EXPECT_FALSE(recording::Recorder::open(path.text));
    EXPECT_EQ(path.content(), "before\n");
}

TEST(Recording, AFullDiskEndsItAndIsTold) {
    std::vector<std::string> told;
    {
        recording::Recorder recorder(open("/dev/full", O_WRONLY | O_CLOEXEC),
                                     [&](const std::string &why) { told.push_back(why); });
        live(recorder);
    }
    EXPECT_EQ(told, std::vector<std::string>{"No space left on device"});
}

TEST(Recording, AFileThatTakesNothingDoesNotHoldUpTheEnd) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const auto begun = std::chrono::steady_clock::now();
    {
        recording::Recorder recorder(ends[1]);
        for (int i = 0; i < 3; ++i)
            live(recorder);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, recording::kEndLimit + 10s);
    // The thread ends with its descriptor.
    signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
}

} // namespace
} // namespace lagg::aggregation
