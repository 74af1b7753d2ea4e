// Every broken file in broken/ and, beside it, word for word what the operator is told about it.
#include "control/config/load.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace lagg::config {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> broken_files() {
    std::vector<fs::path> files;
    for (const auto &entry : fs::directory_iterator(fs::path(CONFIG_TEST_FILES) / "broken")) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string content(const fs::path &path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file.is_open()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// As in an .expected file: "LINE:COLUMN: message", a line each.
std::string without_file(const Mistakes &mistakes, const std::string &file) {
    std::string text;
    for (const Mistake &mistake : mistakes.list) {
        const std::string whole = to_string(mistake);
        EXPECT_EQ(whole.substr(0, file.size() + 1), file + ":");
        text += whole.substr(file.size() + 1) + "\n";
    }
    return text;
}

TEST(BrokenFiles, EachGetsItsOwnMessages) {
    const auto files = broken_files();
    ASSERT_GE(files.size(), 30u);
    for (const fs::path &path : files) {
        SCOPED_TRACE(path.filename().string());
        const Loaded loaded = load(path.string());
        const auto *mistakes = std::get_if<Mistakes>(&loaded);
        ASSERT_TRUE(mistakes) << "was taken for a good file";
        fs::path expected = path;
        EXPECT_EQ(without_file(*mistakes, path.string()),
                  content(expected.replace_extension(".expected")));
    }
}

TEST(BrokenFiles, MistakesComeInFileOrder) {
    for (const fs::path &path : broken_files()) {
        SCOPED_TRACE(path.filename().string());
        const Loaded loaded = load(path.string());
        const auto &list = std::get<Mistakes>(loaded).list;
        ASSERT_FALSE(list.empty());
        EXPECT_TRUE(std::is_sorted(list.begin(), list.end(), [](const auto &a, const auto &b) {
            return std::pair(a.line, a.column) < std::pair(b.line, b.column);
        }));
        for (const Mistake &mistake : list) {
            EXPECT_GT(mistake.line, 0u);
            EXPECT_GT(mistake.column, 0u);
        }
    }
}

/// Every beginning of every file must end in an answer, whatever it is: nothing crashes, and a
/// refusal names at least one mistake.
TEST(BrokenFiles, TruncatedFilesAreAnswered) {
    for (const fs::path &path : broken_files()) {
        const std::string text = content(path);
        // A prime step: lines of one length would otherwise be cut at the same place.
        for (size_t size = 0; size < text.size(); size += 7) {
            const Loaded loaded = parse(std::string_view(text).substr(0, size), "cut.toml");
            if (const auto *mistakes = std::get_if<Mistakes>(&loaded)) {
                ASSERT_FALSE(mistakes->list.empty());
            }
        }
    }
}

} // namespace
} // namespace lagg::config
