// Seeds of the simulation that run with every build. LAGG_SIM_SEEDS=N runs another number of them;
// `lagglab lacp-sim` searches further and shows a seed's trace.
#include "lagglab/sim/simulation.hh"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace lagg::sim {
namespace {

uint64_t seeds() {
    if (const char *text = std::getenv("LAGG_SIM_SEEDS")) return std::strtoull(text, nullptr, 10);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return 100;
#else
    return 2000;
#endif
}

TEST(Simulation, KeepsItsPromisesAndAgreesAgain) {
    name_seed_on_abort();
    for (uint64_t seed = 1; seed <= seeds(); ++seed) {
        const Outcome outcome = run_seed(seed);
        ASSERT_EQ(outcome.violation, "") << "again with: lagglab lacp-sim --trace " << seed;
    }
}

TEST(Simulation, SameSeedIsTheSameRun) {
    for (const uint64_t seed : {3, 14, 159}) {
        std::ostringstream trace;
        const Outcome once = run_seed(seed);
        const Outcome again = run_seed(seed, &trace);
        EXPECT_EQ(once.statistics.digest, again.statistics.digest);
        EXPECT_EQ(once.statistics.steps, again.statistics.steps);
        EXPECT_NE(trace.str().find("all faults stop"), std::string::npos);
        EXPECT_NE(once.statistics.digest, run_seed(seed + 1).statistics.digest);
    }
}

} // namespace
} // namespace lagg::sim
