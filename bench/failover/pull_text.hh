// A pull as a line of JSON, which scripts/lab/failover_bench.py reads.
#pragma once

#include "bench/failover/record.hh"

#include <string>

namespace lagg::bench {

/// The members of a JSON object without its braces; times in milliseconds, "moved_ms" null where no
/// flow was seen to move.
std::string to_json(const Outcome &outcome);
/// Prints one pull of a row. `off_core` is how long threads waited for a core meanwhile.
void print_pull(const std::string &row, unsigned number, const Outcome &outcome,
                Nanoseconds off_core);

} // namespace lagg::bench
