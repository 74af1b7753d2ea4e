#include "dataplane/bpf/registers.hh"

#include "dataplane/bpf/lagg_policy.h"

#include <fmt/format.h>
#include <linux/bpf.h>

namespace lagg::bpf {

namespace {

using Kind = Value::Kind;

constexpr uint64_t kFarthest = uint64_t{1} << 31; // a pointer that went further went anywhere

Value number(Range range) {
    return {Kind::kNumber, range};
}

Value joined(const Value &a, const Value &b) {
    if (a.kind == b.kind) return {a.kind, joined(a.range, b.range)};
    if (a.is_pointer() || b.is_pointer()) return {};
    return number(joined(a.range, b.range));
}

/// A pointer moved by a number; a number that is one value may be negative.
Value moved(const Value &pointer, Range by) {
    Range range{pointer.range.low + by.low, pointer.range.high + by.high};
    const bool small = by.exact() ? by.low + kFarthest <= 2 * kFarthest : by.high <= kFarthest;
    const bool known = pointer.range.low >= Value::kOrigin - kFarthest &&
                       pointer.range.high <= Value::kOrigin + kFarthest;
    if (!small || !known) range = {};
    return {pointer.kind, range};
}

Value with_pointer(uint8_t operation, bool wide, const Value &a, const Value &b) {
    if (!wide) return {};
    if (operation == BPF_ADD && !b.is_pointer()) return moved(a, b.range);
    if (operation == BPF_ADD && !a.is_pointer()) return moved(b, a.range);
    if (operation == BPF_SUB && !b.is_pointer() && b.range.exact())
        return moved(a, Range::exactly(-b.range.low));
    return {};
}

Range calculated(uint8_t operation, unsigned width, Range a, Range b) {
    switch (operation) {
    case BPF_ADD: return sum(a, b);
    case BPF_SUB: return difference(a, b);
    case BPF_MUL: return product(a, b);
    case BPF_DIV: return quotient(a, b);
    case BPF_MOD: return remainder(a, b);
    case BPF_AND: return conjunction(a, b);
    case BPF_OR:
    case BPF_XOR: return bits_of_both(a, b);
    case BPF_LSH: return shifted_left(a, b, width);
    case BPF_RSH: return shifted_right(a, b, width);
    default: return {};
    }
}

/// The right side of an instruction; an immediate value is extended with its sign.
Value operand(const Machine &machine, const Instruction &instruction) {
    if (BPF_SRC(instruction.code) == BPF_X) return machine.registers[instruction.source];
    const int64_t extended = instruction.immediate;
    return number(Range::exactly(static_cast<uint64_t>(extended)));
}

Value calculate(const Machine &machine, const Instruction &instruction) {
    const bool wide = BPF_CLASS(instruction.code) == BPF_ALU64;
    const uint8_t operation = BPF_OP(instruction.code);
    Value a = machine.registers[instruction.destination];
    if (operation == BPF_END)
        return number(Range::of_octets(static_cast<unsigned>(instruction.immediate) / 8));
    Value b = operand(machine, instruction);
    if (operation == BPF_MOV && wide) return b;
    if (operation != BPF_MOV && (a.is_pointer() || b.is_pointer()))
        return with_pointer(operation, wide, a, b);
    if (operation == BPF_MOV)
        return number(b.is_pointer() ? Range::of_octets(4) : truncated(b.range));
    if (!wide) a.range = truncated(a.range), b.range = truncated(b.range);
    Range result = calculated(operation, wide ? 64 : 32, a.range, b.range);
    if (!wide) result = truncated(result);
    const bool address =
        operation == BPF_ADD && wide && (a.kind == Kind::kConstant || b.kind == Kind::kConstant);
    return {address ? Kind::kConstant : Kind::kNumber, result};
}

unsigned octets_of(const Instruction &instruction) {
    switch (BPF_SIZE(instruction.code)) {
    case BPF_B: return 1;
    case BPF_H: return 2;
    case BPF_W: return 4;
    default: return 8;
    }
}

/// Why an access is wrong, or nothing. `verb` is "reads" or "writes".
std::optional<std::string> misplaced(const Value &pointer, unsigned octets, const char *verb) {
    if (pointer.kind == Kind::kConstant)
        return fmt::format("{} a global variable or a table of constants, and a policy has none; "
                           "use if or switch, or flow->memory",
                           verb);
    if (!pointer.is_pointer())
        return fmt::format("{} through a number; the flow is the only thing a policy can reach",
                           verb);
    const bool flow = pointer.kind == Kind::kFlow;
    const uint64_t size = flow ? sizeof(lagg_flow) : Machine::kStackSize;
    if (!flow && !pointer.range.exact())
        return fmt::format("{} a local array at an index that is not constant; unroll the loop, or "
                           "use flow->memory",
                           verb);
    // Seen from the origin an offset below zero is very large.
    const uint64_t low = pointer.range.low - Value::kOrigin;
    const uint64_t high = pointer.range.high - Value::kOrigin;
    if (low <= high && high <= size - octets) return std::nullopt;
    if (pointer.range.exact())
        return fmt::format("{} octet {} of {}, which has {}", verb, static_cast<int64_t>(low),
                           flow ? "struct lagg_flow" : "the stack", size);
    return fmt::format("{} at an index that may lie outside of struct lagg_flow; bound it with a "
                       "mask, as in flow->memory[i & 255]",
                       verb);
}

Value address(const Machine &machine, unsigned which, int16_t offset) {
    const Value &base = machine.registers[which];
    const int64_t extended = offset;
    const Range by = Range::exactly(static_cast<uint64_t>(extended));
    return base.is_pointer() ? moved(base, by) : base;
}

/// The place of an access that misplaced() found right.
size_t offset_of(uint64_t at) {
    return static_cast<size_t>(at - Value::kOrigin);
}

std::optional<std::string> load(Machine &machine, const Instruction &instruction,
                                std::optional<Read> &read) {
    const unsigned octets = octets_of(instruction);
    const Value from = address(machine, instruction.source, instruction.offset);
    if (auto wrong = misplaced(from, octets, "reads")) return wrong;
    const size_t low = offset_of(from.range.low);
    Value loaded = number(Range::of_octets(octets));
    if (from.kind == Kind::kFlow)
        read = Read{low, offset_of(from.range.high) + octets};
    else if (octets == 8 && low % 8 == 0)
        loaded = machine.stack[low / 8];
    machine.registers[instruction.destination] = loaded;
    return std::nullopt;
}

void store_on_stack(Machine &machine, size_t at, unsigned octets, const Value &value) {
    if (octets == 8 && at % 8 == 0) {
        machine.stack[at / 8] = value;
        return;
    }
    for (size_t slot = at / 8; slot <= (at + octets - 1) / 8; slot++)
        machine.stack[slot] = {};
}

std::optional<std::string> store(Machine &machine, const Instruction &instruction,
                                 std::optional<Read> &read) {
    const unsigned octets = octets_of(instruction);
    const Value to = address(machine, instruction.destination, instruction.offset);
    if (auto wrong = misplaced(to, octets, "writes")) return wrong;
    const bool adds = BPF_MODE(instruction.code) == BPF_ATOMIC;
    const size_t low = offset_of(to.range.low);
    const bool copies = BPF_CLASS(instruction.code) == BPF_STX && !adds;
    if (to.kind == Kind::kStack)
        store_on_stack(machine, low, octets,
                       copies ? machine.registers[instruction.source] : Value{});
    else if (adds)
        read = Read{low, offset_of(to.range.high) + octets};
    return std::nullopt;
}

} // namespace

Machine Machine::at_start() {
    Machine machine;
    machine.registers[1] = {Kind::kFlow, Range::exactly(Value::kOrigin)};
    machine.registers[10] = {Kind::kStack, Range::exactly(Value::kOrigin + kStackSize)};
    return machine;
}

void Machine::join(const Machine &other) {
    for (size_t i = 0; i < registers.size(); i++)
        registers[i] = joined(registers[i], other.registers[i]);
    for (size_t i = 0; i < stack.size(); i++)
        stack[i] = joined(stack[i], other.stack[i]);
}

std::optional<std::string> execute(Machine &machine, const Instruction &instruction,
                                   const Instruction &next, std::optional<Read> &read) {
    switch (BPF_CLASS(instruction.code)) {
    case BPF_LDX: return load(machine, instruction, read);
    case BPF_ST:
    case BPF_STX: return store(machine, instruction, read);
    case BPF_ALU:
    case BPF_ALU64:
        machine.registers[instruction.destination] = calculate(machine, instruction);
        return std::nullopt;
    case BPF_LD: {
        const uint64_t low = static_cast<uint32_t>(instruction.immediate);
        const uint64_t high = static_cast<uint32_t>(next.immediate);
        machine.registers[instruction.destination] = {Kind::kConstant,
                                                      Range::exactly(high << 32 | low)};
        return std::nullopt;
    }
    default: return std::nullopt;
    }
}

void learn(Machine &machine, const Instruction &jump, bool taken) {
    Value &value = machine.registers[jump.destination];
    if (BPF_SRC(jump.code) == BPF_X || value.kind != Kind::kNumber) return;
    const int64_t extended = jump.immediate;
    const auto limit = static_cast<uint64_t>(extended);
    const uint8_t operation = BPF_OP(jump.code);
    const bool at_most = operation == (taken ? BPF_JLE : BPF_JGT);
    const bool below = operation == (taken ? BPF_JLT : BPF_JGE);
    const bool equal = operation == (taken ? BPF_JEQ : BPF_JNE);
    Range known = value.range;
    if (at_most) known.high = std::min(known.high, limit);
    if (below && limit > 0) known.high = std::min(known.high, limit - 1);
    if (equal) known = Range::exactly(limit);
    // Where nothing is left the path is never gone; what was known stays true of it.
    if (known.low <= known.high) value.range = known;
}

} // namespace lagg::bpf
