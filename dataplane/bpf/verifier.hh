// May a program run for every frame? Says no with a reason that its author understands. What is
// let through has no loop, calls nothing, ends, and reaches no memory but lagg_flow and its stack.
#pragma once

#include "dataplane/bpf/instruction.hh"

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace lagg::bpf {

inline constexpr size_t kMaxInstructions = 4096;

struct Refusal {
    size_t instruction; ///< the one that is to blame; behind the last when none is
    std::string reason; ///< half a sentence: what it does, and what to do instead
};

/// What of lagg_flow has to be filled in only for those who read it.
struct Reads {
    bool hash = false;
    bool now_us = false;
};

struct Verdict {
    std::optional<Refusal> refusal;
    Reads reads;
};

Verdict check(std::span<const Instruction> program);

} // namespace lagg::bpf
