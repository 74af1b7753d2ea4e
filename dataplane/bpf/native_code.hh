// A BPF program as instructions of this processor, made by librte_bpf.
#pragma once

#include "dataplane/bpf/instruction.hh"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

struct rte_bpf;

namespace lagg::bpf {

struct BpfDeleter {
    void operator()(rte_bpf *bpf) const;
};

struct NativeCode {
    using Function = uint64_t (*)(void *);

    std::unique_ptr<rte_bpf, BpfDeleter> owner;
    Function function = nullptr;
    size_t size = 0; ///< octets
};

/// What the argument of the program points to.
enum class Argument { kFlow, kMbuf };

/// librte_bpf's complaint, and where it says of which instruction.
struct Complaint {
    std::optional<size_t> instruction;
    std::string text;
};

/// Verified by librte_bpf and compiled. Division by zero ends such a program with 0.
std::variant<NativeCode, Complaint> compile(std::span<const Instruction> program,
                                            Argument argument);

} // namespace lagg::bpf
