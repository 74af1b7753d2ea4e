#include "bench/failover/pull_text.hh"

#include <fmt/format.h>

namespace lagg::bench {

namespace {

double milliseconds(Nanoseconds time) {
    return static_cast<double>(time) * 1e-6;
}

} // namespace

std::string to_json(const Outcome &outcome) {
    const std::string moved =
        outcome.moved ? fmt::format("{:.4f}", milliseconds(*outcome.moved)) : "null";
    return fmt::format(
        R"("dead_ms": {:.4f}, "moved_ms": {}, "sent": {}, "lost": {}, )"
        R"("lost_after": {}, "doubled": {}, "reordered": {}, "late": {}, "stale": {})",
        milliseconds(outcome.dead), moved, outcome.sent, outcome.lost, outcome.lost_after,
        outcome.doubled, outcome.reordered, outcome.late, outcome.stale);
}

void print_pull(const std::string &row, unsigned number, const Outcome &outcome,
                Nanoseconds off_core) {
    fmt::print("{{\"name\": \"{}\", \"pull\": {}, \"off_core_ms\": {:.3f}, {}}}\n", row, number,
               milliseconds(off_core), to_json(outcome));
}

} // namespace lagg::bench
