// Policies written inside of the tests, compiled by clang as a user does it.
#pragma once

#include "dataplane/bpf/program.hh"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace lagg::bpf {

/// A directory for a test's files, gone with it; skips the test where clang is missing.
class WithCompiler : public testing::Test {
  protected:
    void SetUp() override;
    ~WithCompiler() override;

    /// Writes `source` behind the line that includes lagg_policy.h, so that it begins in line 2.
    /// Returns the object file.
    std::string compile(const std::string &source, const std::string &flags = "-g -mcpu=v2");
    /// A file of the repository.
    std::string compile_file(const std::string &path);
    /// The complaint of load(), with the file in directory_ named FILE.
    std::string refusal(const std::string &source, const std::string &flags = "-g -mcpu=v2");
    /// A program that has to load.
    std::shared_ptr<const Program> load(const std::string &object);

    std::string directory_;
};

/// The body of a policy's function, in line 2.
inline std::string policy(const std::string &body) {
    return "LAGG_POLICY lagg_u64 policy(struct lagg_flow *flow) { " + body + " }\n";
}

} // namespace lagg::bpf
