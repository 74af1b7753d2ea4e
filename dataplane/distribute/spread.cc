// The loops over a burst that read no header, one for each way to distribute.
#include "dataplane/distribute/spread.hh"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace lagg::distribute {

namespace {

/// More turns than this would not make shares finer in any way that matters.
constexpr uint64_t kMostTurns = 1024;

/// Weights without their common divisor, and none of a live member below 1.
std::vector<uint64_t> reduced(std::span<const uint8_t> live, std::span<const uint32_t> weights) {
    std::vector<uint64_t> turns;
    uint64_t divisor = 0;
    uint64_t sum = 0;
    for (const uint8_t member : live) {
        turns.push_back(std::max<uint32_t>(weights[member], 1));
        divisor = std::gcd(divisor, turns.back());
        sum += turns.back();
    }
    for (uint64_t &count : turns) {
        count =
            sum / divisor <= kMostTurns ? count / divisor : (count * kMostTurns + sum / 2) / sum;
        count = std::max<uint64_t>(count, 1);
    }
    return turns;
}

} // namespace

std::vector<uint8_t> plan_turns(std::span<const uint8_t> live, std::span<const uint32_t> weights) {
    std::vector<uint8_t> turns;
    if (live.empty()) return turns;
    const std::vector<uint64_t> counts = reduced(live, weights);
    const auto total =
        static_cast<int64_t>(std::accumulate(counts.begin(), counts.end(), uint64_t{0}));
    // Whoever has waited longest for his share is next; among equals the first.
    std::vector<int64_t> credit(counts.size());
    for (int64_t turn = 0; turn < total; turn++) {
        size_t next = 0;
        for (size_t i = 0; i < counts.size(); i++) {
            credit[i] += static_cast<int64_t>(counts[i]);
            if (credit[i] > credit[next]) next = i;
        }
        credit[next] -= total;
        turns.push_back(live[next]);
    }
    return turns;
}

/// The cursor comes from another forwarding state when members or stride have just changed; what
/// no longer fits begins anew, and the rest goes on where it was.
void spread_round_robin(const Spread &spread, Cursor &cursor, size_t count, uint8_t *members) {
    const auto turns = static_cast<uint32_t>(spread.turns.size());
    assert(turns > 0);
    assert(spread.stride > 0);
    if (cursor.position >= turns) cursor = {};
    cursor.left = std::min(cursor.left, spread.stride);
    for (size_t i = 0; i < count;) {
        if (cursor.left == 0) cursor.left = spread.stride;
        const auto row = static_cast<uint32_t>(std::min<size_t>(cursor.left, count - i));
        std::fill_n(members + i, row, spread.turns[cursor.position]);
        i += row;
        cursor.left -= row;
        if (cursor.left == 0 && ++cursor.position == turns) cursor.position = 0;
    }
}

} // namespace lagg::distribute
