#include "tests/dataplane/bpf/compiler.hh"

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lagg::bpf {

namespace {

// Paths of a build directory and of the source tree: no blanks and no quotes in them.
int run_clang(const std::string &arguments) {
    return std::system(("clang -O2 -target bpf -w -I" HEADER_DIRECTORY " " + arguments).c_str());
}

} // namespace

void WithCompiler::SetUp() {
    if (std::system("clang --version > /dev/null 2>&1") != 0)
        GTEST_SKIP() << "clang is not installed";
    std::string pattern = testing::TempDir() + "lagg-bpf-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
}

WithCompiler::~WithCompiler() {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

std::string WithCompiler::compile(const std::string &source, const std::string &flags) {
    const std::string file = directory_ + "/p.c";
    std::ofstream(file) << "#include \"lagg_policy.h\"\n" << source;
    EXPECT_EQ(run_clang(flags + " -c " + file + " -o " + directory_ + "/p.o"), 0) << source;
    return directory_ + "/p.o";
}

std::string WithCompiler::compile_file(const std::string &path) {
    const std::string object =
        directory_ + "/" + std::filesystem::path(path).stem().string() + ".o";
    EXPECT_EQ(run_clang("-g -mcpu=v2 -c " + path + " -o " + object), 0) << path;
    return object;
}

std::string WithCompiler::refusal(const std::string &source, const std::string &flags) {
    const auto program = Program::load(compile(source, flags));
    if (program) return "(accepted)";
    std::string message = program.error().message;
    for (size_t at; (at = message.find(directory_ + "/p")) != std::string::npos;)
        message.replace(at, directory_.size() + 2, "FILE");
    return message;
}

std::shared_ptr<const Program> WithCompiler::load(const std::string &object) {
    auto program = Program::load(object);
    EXPECT_TRUE(program) << program.error().message;
    return program ? *program : nullptr;
}

} // namespace lagg::bpf
