// What is known of a number before a program runs: between what limits it lies. As much of the
// arithmetic as an index needs that was bounded by a mask, a shift or a division.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>

namespace lagg::bpf {

struct Range {
    uint64_t low = 0;
    uint64_t high = UINT64_MAX;

    static constexpr Range exactly(uint64_t value) { return {value, value}; }
    static constexpr Range of_octets(unsigned octets) {
        return {0, octets >= 8 ? UINT64_MAX : (uint64_t{1} << octets * 8) - 1};
    }
    constexpr bool exact() const { return low == high; }
    bool operator==(const Range &) const = default;
};

/// Either of both.
constexpr Range joined(Range a, Range b) {
    return {std::min(a.low, b.low), std::max(a.high, b.high)};
}

constexpr Range truncated(Range a) {
    constexpr Range all = Range::of_octets(4);
    if (a.exact()) return Range::exactly(a.low & all.high);
    return a.high <= all.high ? a : all;
}

constexpr Range sum(Range a, Range b) {
    if (a.exact() && b.exact()) return Range::exactly(a.low + b.low);
    if (a.high > UINT64_MAX - b.high) return {};
    return {a.low + b.low, a.high + b.high};
}

constexpr Range difference(Range a, Range b) {
    if (a.exact() && b.exact()) return Range::exactly(a.low - b.low);
    if (a.low < b.high) return {};
    return {a.low - b.high, a.high - b.low};
}

constexpr Range product(Range a, Range b) {
    if (b.high != 0 && a.high > UINT64_MAX / b.high) return {};
    return {a.low * b.low, a.high * b.high};
}

/// Division by zero ends the program, so that nothing has to be known of its result.
constexpr Range quotient(Range a, Range b) {
    return {0, a.high / std::max<uint64_t>(b.low, 1)};
}

constexpr Range remainder(Range a, Range b) {
    return {0, std::min(a.high, std::max<uint64_t>(b.high, 1) - 1)};
}

constexpr Range conjunction(Range a, Range b) {
    if (a.exact() && b.exact()) return Range::exactly(a.low & b.low);
    return {0, std::min(a.high, b.high)};
}

/// Of `or` and of `xor`: no bit above those of both.
constexpr Range bits_of_both(Range a, Range b) {
    const int width = std::bit_width(a.high | b.high);
    return {0, width == 64 ? UINT64_MAX : (uint64_t{1} << width) - 1};
}

/// Processors take the low bits of a shift's count, 6 of them or 5.
constexpr Range shifted_left(Range a, Range count, unsigned width) {
    if (!count.exact()) return {};
    const uint64_t by = count.low & (width - 1);
    if (a.high > UINT64_MAX >> by) return {};
    return {a.low << by, a.high << by};
}

constexpr Range shifted_right(Range a, Range count, unsigned width) {
    if (!count.exact()) return {0, a.high};
    const uint64_t by = count.low & (width - 1);
    return {a.low >> by, a.high >> by};
}

} // namespace lagg::bpf
