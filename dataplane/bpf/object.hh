// An object file that clang made of a policy: its one program, and where its instructions came
// from. Nothing is judged here but whether there is a program to judge.
#pragma once

#include "dataplane/base/result.hh"
#include "dataplane/bpf/instruction.hh"
#include "dataplane/bpf/source_lines.hh"

#include <string>
#include <vector>

namespace lagg::bpf {

/// A policy with all that -g adds has a hundredth of it.
inline constexpr size_t kMostObjectBytes = size_t{16} << 20;

struct Object {
    std::string name; ///< of the function
    std::vector<Instruction> instructions;
    SourceLines lines;
};

/// Errors: no such file, no regular file or one too large, no object file for BPF, no program or
/// several, a map, a function that is nowhere.
Result<Object> read_object(const std::string &path);

} // namespace lagg::bpf
