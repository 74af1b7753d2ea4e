#include "lagglab/lacp_sim.hh"

#include "lagglab/sim/simulation.hh"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <thread>
#include <vector>

namespace lagg::lab {

namespace {

/// A search that goes on after this many findings shows nothing new.
constexpr size_t kMostFindings = 20;

struct Finding {
    uint64_t seed;
    std::string violation;
};

struct Totals {
    uint64_t seeds = 0;
    uint64_t steps = 0;
    uint64_t frames = 0;
    sim::Statistics longest;
    std::vector<Finding> findings;

    void add(uint64_t seed, const sim::Outcome &outcome) {
        const sim::Statistics &s = outcome.statistics;
        ++seeds;
        steps += s.steps;
        frames += s.frames;
        longest.convergence = std::max(longest.convergence, s.convergence);
        longest.longest_blackhole = std::max(longest.longest_blackhole, s.longest_blackhole);
        longest.longest_clean_blackhole =
            std::max(longest.longest_clean_blackhole, s.longest_clean_blackhole);
        if (!outcome.violation.empty()) findings.push_back({seed, outcome.violation});
    }
};

double to_seconds(std::chrono::nanoseconds duration) {
    return std::chrono::duration<double>(duration).count();
}

Totals search(const SimOptions &options) {
    Totals totals;
    std::mutex mutex;
    std::atomic<uint64_t> next{options.first};
    const auto work = [&] {
        for (;;) {
            const uint64_t seed = next.fetch_add(1);
            if (seed - options.first >= options.seeds) return;
            const sim::Outcome outcome = sim::run_seed(seed);
            const std::lock_guard lock(mutex);
            if (totals.findings.size() >= kMostFindings) return;
            totals.add(seed, outcome);
            if (outcome.violation.empty()) continue;
            std::printf("seed %llu: %s\n  again with: lagglab lacp-sim --trace %llu\n",
                        static_cast<unsigned long long>(seed), outcome.violation.c_str(),
                        static_cast<unsigned long long>(seed));
            std::fflush(stdout);
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options.jobs; ++i)
        threads.emplace_back(work);
    for (std::thread &thread : threads)
        thread.join();
    return totals;
}

void print(const Totals &totals, double elapsed_s) {
    const auto count = [](uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("%llu seeds, %zu broke a promise, %.1f s, %.0f seeds a second\n",
                count(totals.seeds), totals.findings.size(), elapsed_s,
                static_cast<double>(totals.seeds) / elapsed_s);
    std::printf("%llu steps, %llu frames\n", count(totals.steps), count(totals.frames));
    std::printf("longest convergence after the last fault: %.1f s\n",
                to_seconds(totals.longest.convergence));
    std::printf("longest time one end distributed and the other did not collect: %.1f s, "
                "without a fault on the link %.3f s\n",
                to_seconds(totals.longest.longest_blackhole),
                to_seconds(totals.longest.longest_clean_blackhole));
}

int trace(uint64_t seed) {
    const sim::Outcome outcome = sim::run_seed(seed, &std::cout);
    std::cout.flush();
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
                outcome.violation.empty() ? "every promise was kept" : outcome.violation.c_str());
    return outcome.violation.empty() ? 0 : 1;
}

} // namespace

int run_lacp_sim(const SimOptions &options) {
    sim::name_seed_on_abort();
    if (options.trace) return trace(*options.trace);
    const auto began = std::chrono::steady_clock::now();
    const Totals totals = search(options);
    print(totals, to_seconds(std::chrono::steady_clock::now() - began));
    return totals.findings.empty() ? 0 : 1;
}

} // namespace lagg::lab
