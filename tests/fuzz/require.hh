// A requirement of a fuzz target. It ends the process, which is how libFuzzer learns of a finding.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace lagg::fuzz {

inline void require(bool holds, const char *what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

} // namespace lagg::fuzz
