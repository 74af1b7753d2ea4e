// Things that stand at a path instead of a regular file, and a disk that is full.
#include "dataplane/files/files.hh"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace lagg {
namespace {

namespace fs = std::filesystem;

/// A directory of its own. A test that waits is ended by the alarm.
class Files : public testing::Test {
  protected:
    Files() {
        std::string pattern = testing::TempDir() + "lagg-files-XXXXXX";
        EXPECT_NE(mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        alarm(20);
    }
    ~Files() override {
        alarm(0);
        fs::remove_all(directory_);
    }

    std::string path(const std::string &name) const { return directory_ + "/" + name; }
    std::string made(const std::string &name, const std::string &content) const {
        std::ofstream(path(name)) << content;
        return path(name);
    }
    std::string fifo() const {
        EXPECT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
        return path("fifo");
    }

    std::string directory_;
};

std::string why_unreadable(const std::string &path, size_t most = 10) {
    const Result<std::string> content = read_file(path, most);
    return content ? "read: " + *content : content.error().message;
}

TEST_F(Files, OnlyRegularFilesAreRead) {
    EXPECT_EQ(why_unreadable(fifo()), "it is a FIFO and not a regular file");
    EXPECT_EQ(why_unreadable("/dev/zero"), "it is a device and not a regular file");
    EXPECT_EQ(why_unreadable(directory_), "it is a directory and not a regular file");
    EXPECT_EQ(why_unreadable(path("none")), "No such file or directory");
    fs::create_symlink(path("fifo"), path("link"));
    EXPECT_EQ(why_unreadable(path("link")), "it is a FIFO and not a regular file");
}

TEST_F(Files, ALinkToAFileIsRead) {
    made("file", "content");
    fs::create_symlink("file", path("link"));
    EXPECT_EQ(why_unreadable(path("link")), "read: content");
    EXPECT_EQ(why_unreadable(made("empty", "")), "read: ");
}

TEST_F(Files, TheSizeIsBounded) {
    EXPECT_EQ(why_unreadable(made("file", "0123456789")), "read: 0123456789");
    EXPECT_EQ(why_unreadable(made("file", "0123456789a")), "it has more than 10 octets");
    made("hole", "");
    fs::resize_file(path("hole"), uintmax_t{1} << 40);
    EXPECT_EQ(why_unreadable(path("hole"), size_t{4} << 20), "it has more than 4 MiB");
}

TEST_F(Files, APlaceForAFileHasAFileOrNothing) {
    EXPECT_TRUE(can_be_file(path("none")));
    EXPECT_TRUE(can_be_file(made("file", "")));
    EXPECT_EQ(can_be_file(fifo()).error().message, "it is a FIFO and not a regular file");
    fs::create_symlink("file", path("link"));
    EXPECT_EQ(can_be_file(path("link")).error().message,
              "it is a symbolic link and not a regular file");
}

TEST_F(Files, NothingIsMadeBehindALink) {
    fs::create_symlink("elsewhere", path("link"));
    EXPECT_FALSE(create_file(path("link")));
    EXPECT_EQ(replace_file(path("link"), "x").error().message,
              "it is a symbolic link and not a regular file");
    EXPECT_FALSE(fs::exists(path("elsewhere")));
    EXPECT_FALSE(create_file(made("file", "")));
}

TEST_F(Files, ReplacingLeavesNothingBeside) {
    made("file.new", "of a process that was killed");
    ASSERT_TRUE(replace_file(path("file"), "one\n"));
    ASSERT_TRUE(replace_file(path("file"), "two\n"));
    EXPECT_EQ(why_unreadable(path("file")), "read: two\n");
    EXPECT_FALSE(fs::exists(path("file.new")));
}

/// A limit on the size of files stands for the disk that is full.
TEST_F(Files, AFullDiskLeavesTheOldContent) {
    ASSERT_TRUE(replace_file(path("file"), "old"));
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handled = signal(SIGXFSZ, SIG_IGN);
    const rlimit small{4, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const Result<void> replaced = replace_file(path("file"), "longer than that");
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, handled);
    ASSERT_FALSE(replaced);
    EXPECT_EQ(replaced.error().message, "File too large");
    EXPECT_EQ(why_unreadable(path("file")), "read: old");
    EXPECT_FALSE(fs::exists(path("file.new")));
}

TEST(StandardDescriptors, AreThereAfterwards) {
    const pid_t child = fork();
    if (child == 0) {
        close(0);
        close(2);
        take_standard_descriptors();
        const int next = dup(1);
        _exit(fcntl(0, F_GETFD) >= 0 && fcntl(2, F_GETFD) >= 0 && next > 2 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

} // namespace
} // namespace lagg
