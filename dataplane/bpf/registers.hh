// The registers and the stack of a program, as far as they are known before it runs, and what one
// instruction does to them. This is where it is decided that a policy cannot reach any memory but
// the flow it was given and its own stack.
//
// librte_bpf 22.11 decides that as well, but it believes comparisons of two registers too much (it
// takes an index below an unknown number for zero), so that it lets programs through that read
// and write elsewhere. Here an index is bounded by what is sure alone: masks, shifts, divisions,
// the width of a load, and comparisons with a constant.
#pragma once

#include "dataplane/bpf/instruction.hh"
#include "dataplane/bpf/range.hh"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace lagg::bpf {

/// What a register holds.
struct Value {
    enum class Kind : uint8_t {
        kNumber,
        kConstant, ///< of 64 bits, or near one: the address of a global variable, or a number
        kFlow,     ///< a pointer into lagg_flow
        kStack,    ///< a pointer into the stack
    };
    Kind kind = Kind::kNumber;
    /// Of a pointer: the distance from what it points to, on top of kOrigin. All of the 64 bits for
    /// a pointer that may have gone anywhere.
    Range range{};

    static constexpr uint64_t kOrigin = uint64_t{1} << 32;
    bool is_pointer() const { return kind == Kind::kFlow || kind == Kind::kStack; }
    bool operator==(const Value &) const = default;
};

struct Machine {
    static constexpr size_t kStackSize = 512;

    std::array<Value, 11> registers{};
    std::array<Value, kStackSize / 8> stack{};

    /// Before the first instruction: the flow in r1, the end of the stack in r10.
    static Machine at_start();
    /// What is known where two paths meet.
    void join(const Machine &other);
    bool operator==(const Machine &) const = default;
};

/// Octets [first, last) of the flow that an instruction may read.
struct Read {
    size_t first, last;
};

/// Does `instruction`, whose second half (for constants of 64 bits) is `next`. An error is half a
/// sentence; `read` is set when it reads the flow. Jumps change nothing here.
std::optional<std::string> execute(Machine &machine, const Instruction &instruction,
                                   const Instruction &next, std::optional<Read> &read);

/// What a conditional jump tells about its register when it is taken, or not.
void learn(Machine &machine, const Instruction &jump, bool taken);

} // namespace lagg::bpf
