// Every file of a target's corpus through the target, in the normal tests: what fuzzing found once
// stays found. Which target is linked, and which directory is its, the build says.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

namespace {

TEST(Corpus, EveryFileHolds) {
    size_t files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(CORPUS_DIRECTORY)) {
        std::ifstream file(entry.path(), std::ios::binary);
        ASSERT_TRUE(file) << entry.path();
        const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
        SCOPED_TRACE(entry.path());
        EXPECT_EQ(
            LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()),
            0);
        ++files;
    }
    EXPECT_GE(files, 5U) << "the corpus is gone from " << CORPUS_DIRECTORY;
}

} // namespace
