// From an instruction to the line of C that it was made of, as the compiler wrote it down (-g).
#pragma once

#include "dataplane/bpf/instruction.hh"

#include <cstddef>
#include <string>
#include <vector>

namespace lagg::bpf {

struct SourceLine {
    size_t first_instruction; ///< of the program
    std::string file;
    unsigned line;
    std::string text; ///< without the spaces around
};

/// Sorted by first_instruction.
using SourceLines = std::vector<SourceLine>;

/// The lines of the section `section` of the object file `path`; empty when it was compiled
/// without -g. What libbpf logs is the caller's to collect.
SourceLines read_source_lines(const std::string &path, const std::string &section);

/// "flow.c:12: 'return x;': ", or "instruction 7 (compile with -g to see the line): ".
std::string place(const SourceLines &lines, size_t instruction);

} // namespace lagg::bpf
