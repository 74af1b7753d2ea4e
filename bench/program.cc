#include "bench/program.hh"

#include "bench/traffic.hh"

#include <rte_cycles.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace lagg::bench {

namespace {

constexpr size_t kFewestPasses = 32;
constexpr size_t kMostPasses = 2000;
/// Some slices of a scheduler, so that a row is not all in a bad one.
constexpr uint64_t kLeastMs = 20;

[[noreturn]] void refuse(const char *program, const std::string &why) {
    std::fprintf(stderr, "%s: %s\nusage: %s [--pcap FILE] [--backwards] [--benchmark_...]\n",
                 program, why.c_str(), program);
    std::exit(2);
}

} // namespace

Options read_options(int argc, char **argv) {
    // A row decides itself when it has measured enough; it is not to be called again. What the
    // command line says comes after and is stronger.
    static char once[] = "--benchmark_min_time=0.001";
    std::vector<char *> words(argv, argv + argc);
    words.insert(words.begin() + 1, once);
    int count = static_cast<int>(words.size());
    benchmark::Initialize(&count, words.data());
    Options options;
    for (int i = 1; i < count; i++) {
        const std::string_view word = words[static_cast<size_t>(i)];
        if (word == "--backwards")
            options.backwards = true;
        else if (word == "--pcap" && i + 1 < count)
            options.capture = words[static_cast<size_t>(++i)];
        else
            refuse(argv[0], "'" + std::string(word) + "' is no option, or lacks its file");
    }
    return options;
}

int run_rows(const std::vector<NamedRow> &rows, const Options &options) {
    std::vector<NamedRow> order = rows;
    if (options.backwards) std::ranges::reverse(order);
    for (const NamedRow &row : order)
        benchmark::RegisterBenchmark(row.name.c_str(), row.run);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return 0;
}

bool Passes::enough() const {
    return cycles_.size() >= kMostPasses ||
           (cycles_.size() >= kFewestPasses && sum_ >= rte_get_tsc_hz() * kLeastMs / 1000);
}

void Passes::add(uint64_t tsc_cycles) {
    cycles_.push_back(tsc_cycles);
    sum_ += tsc_cycles;
}

void Passes::clear() {
    cycles_.clear();
    sum_ = 0;
}

void Passes::report(benchmark::State &state) {
    const auto middle = cycles_.begin() + static_cast<ptrdiff_t>(cycles_.size() / 2);
    std::nth_element(cycles_.begin(), middle, cycles_.end());
    const double cycles = static_cast<double>(*middle) / kPackets;
    state.counters["cycles_per_packet"] = cycles;
    state.counters["packets_per_second"] = static_cast<double>(rte_get_tsc_hz()) / cycles;
}

} // namespace lagg::bench
