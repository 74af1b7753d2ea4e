#include "dataplane/bpf/verifier.hh"

#include "dataplane/bpf/lagg_policy.h"
#include "dataplane/bpf/registers.hh"

#include <fmt/format.h>
#include <linux/bpf.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

namespace lagg::bpf {

namespace {

using Program = std::span<const Instruction>;

constexpr uint8_t kConstant64 = BPF_LD | BPF_IMM | BPF_DW;

bool is_jump(const Instruction &instruction) {
    const uint8_t operation = BPF_OP(instruction.code);
    return BPF_CLASS(instruction.code) == BPF_JMP && operation != BPF_CALL && operation != BPF_EXIT;
}

/// What comes after `at`: nothing, one place or two. The second one is where a jump goes.
std::vector<size_t> next_of(Program program, size_t at) {
    const Instruction &instruction = program[at];
    if (instruction.code == (BPF_JMP | BPF_EXIT)) return {};
    if (instruction.code == kConstant64) return {at + 2};
    if (!is_jump(instruction)) return {at + 1};
    const size_t target = at + 1 + static_cast<size_t>(ptrdiff_t{instruction.offset});
    if (BPF_OP(instruction.code) == BPF_JA) return {target};
    return {at + 1, target};
}

std::optional<std::string> forbidden_call(const Instruction &call) {
    if (call.source == 0)
        return fmt::format(
            "calls helper {} of the kernel, and there is none here; a policy can only "
            "look at its flow",
            call.immediate);
    return "calls a function, which a policy cannot; write LAGG_INLINE before that function";
}

std::optional<std::string> forbidden(const Instruction &instruction) {
    const uint8_t code = instruction.code;
    if (instruction.destination > 10 || instruction.source > 10) return "names no register";
    switch (BPF_CLASS(code)) {
    case BPF_JMP32: return "jumps in a way that came with version 3 of BPF; compile with -mcpu=v2";
    case BPF_JMP: return code == (BPF_JMP | BPF_CALL) ? forbidden_call(instruction) : std::nullopt;
    case BPF_STX:
        if (BPF_MODE(code) == BPF_ATOMIC && instruction.immediate != BPF_ADD)
            return "is an atomic operation, which nothing needs here: no two workers share a flow";
        return std::nullopt;
    case BPF_LD:
        if (code != kConstant64) return "reads the packet, which a policy cannot; it has the flow";
        return std::nullopt;
    default: return std::nullopt;
    }
}

/// False for the second half of a constant of 64 bits, which nothing may jump to.
std::vector<bool> instruction_starts(Program program) {
    std::vector<bool> starts(program.size(), true);
    for (size_t at = 0; at + 1 < program.size(); at++)
        if (program[at].code == kConstant64) starts[++at] = false;
    return starts;
}

std::optional<Refusal> check_instructions(Program program) {
    if (program.size() > kMaxInstructions)
        return Refusal{program.size(), fmt::format("the program is too long, {} instructions; a "
                                                   "policy has at most {}",
                                                   program.size(), kMaxInstructions)};
    const std::vector<bool> starts = instruction_starts(program);
    for (size_t at = 0; at < program.size(); at++) {
        if (!starts[at]) continue;
        if (auto reason = forbidden(program[at])) return Refusal{at, *reason};
        for (size_t next : next_of(program, at))
            if (next >= program.size() || !starts[next])
                return Refusal{at, "leaves the program; it has to return"};
    }
    return std::nullopt;
}

/// Depth first; an arrow to a place that the path came through is a loop.
std::optional<Refusal> find_loop(Program program) {
    enum : uint8_t { kNew, kOnPath, kDone };
    std::vector<uint8_t> colour(program.size(), kNew);
    std::vector<size_t> path{0};
    while (!path.empty()) {
        const size_t at = path.back();
        colour[at] = kOnPath;
        std::optional<size_t> unseen;
        for (size_t next : next_of(program, at)) {
            if (colour[next] == kOnPath)
                return Refusal{at,
                               "a loop, and a policy has none; write '#pragma unroll' before it "
                               "and give it a constant count"};
            if (colour[next] == kNew) unseen = next;
        }
        if (unseen) {
            path.push_back(*unseen);
        } else {
            colour[at] = kDone;
            path.pop_back();
        }
    }
    return std::nullopt;
}

/// librte_bpf's verifier goes every way through a program that differs from the others in what it
/// knows. Twenty conditions in a row are a million ways and a second; with forty it would not end.
std::optional<Refusal> count_ways(Program program) {
    constexpr uint64_t kMaxWays = 1 << 20;
    std::vector<uint64_t> ways(program.size(), 0); // 0: not counted
    std::vector<size_t> path{0};
    while (!path.empty()) {
        const size_t at = path.back();
        uint64_t count = 0;
        bool all = true;
        for (size_t next : next_of(program, at)) {
            if (ways[next] == 0) path.push_back(next), all = false;
            count = std::min(count + ways[next], kMaxWays + 1);
        }
        if (!all) continue;
        ways[at] = std::max<uint64_t>(count, 1);
        path.pop_back();
    }
    if (ways[0] <= kMaxWays) return std::nullopt;
    return Refusal{program.size(),
                   "the program has more than a million ways through its conditions; "
                   "return as soon as the result is known, or calculate instead of "
                   "asking"};
}

/// Goes through a program without loops until nothing new is learned.
class Walk {
  public:
    explicit Walk(Program program) : program_(program), before_(program.size()) {
        arrive(0, Machine::at_start());
    }

    std::optional<Refusal> run() {
        while (!pending_.empty()) {
            const size_t at = *pending_.begin();
            pending_.erase(pending_.begin());
            if (auto reason = visit(at)) return Refusal{at, *reason};
        }
        return std::nullopt;
    }

    const Reads &reads() const { return reads_; }

  private:
    std::optional<std::string> visit(size_t at) {
        Machine machine = *before_[at];
        std::optional<Read> read;
        const Instruction &instruction = program_[at];
        const Instruction &second = program_[instruction.code == kConstant64 ? at + 1 : at];
        if (auto reason = execute(machine, instruction, second, read)) return reason;
        if (read) note(*read);
        const auto next = next_of(program_, at);
        for (size_t i = 0; i < next.size(); i++) {
            Machine after = machine;
            if (next.size() == 2) learn(after, instruction, i == 1);
            arrive(next[i], after);
        }
        return std::nullopt;
    }

    void arrive(size_t at, const Machine &machine) {
        if (before_[at] == nullptr) {
            before_[at] = std::make_unique<Machine>(machine);
            pending_.insert(at);
            return;
        }
        const Machine known = *before_[at];
        before_[at]->join(machine);
        if (!(*before_[at] == known)) pending_.insert(at);
    }

    void note(Read read) {
        const auto touches = [&](size_t first, size_t octets) {
            return read.first < first + octets && read.last > first;
        };
        reads_.hash |= touches(offsetof(lagg_flow, hash), sizeof(lagg_flow::hash));
        reads_.now_us |= touches(offsetof(lagg_flow, now_us), sizeof(lagg_flow::now_us));
    }

    Program program_;
    std::vector<std::unique_ptr<Machine>> before_;
    std::set<size_t> pending_;
    Reads reads_;
};

} // namespace

Verdict check(std::span<const Instruction> program) {
    if (program.empty()) return {.refusal = Refusal{0, "the program is empty"}};
    if (auto refusal = check_instructions(program)) return {.refusal = refusal};
    if (auto refusal = find_loop(program)) return {.refusal = refusal};
    Walk walk(program);
    auto refusal = walk.run();
    if (!refusal) refusal = count_ways(program);
    return {.refusal = refusal, .reads = walk.reads()};
}

} // namespace lagg::bpf
