// Common parts of the benchmark programs: their options, the order of their rows, and how a
// figure is made of many passes over the same packets.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lagg::bench {

struct Options {
    std::string capture;    ///< --pcap FILE: where captured frames come from
    bool backwards = false; ///< --backwards: the last row first
};

/// Starts Google Benchmark with its share of the arguments and reads the rest; ends the program
/// with a sentence when something is left over.
Options read_options(int argc, char **argv);

struct NamedRow {
    std::string name;
    std::function<void(benchmark::State &)> run;
};

/// Runs rows in their order, so that what is compared should stand side by side: a machine drifts.
/// Backwards, what came second comes first; of two runs, one each way, neither side is favoured.
int run_rows(const std::vector<NamedRow> &rows, const Options &options);

/// How many passes are enough for a figure: by number, and by the time they took together.
class Passes {
  public:
    bool enough() const;
    void add(uint64_t tsc_cycles);
    void clear();
    /// Sets the counters cycles_per_packet and packets_per_second from the median of the passes, so
    /// that an interruption of some of them does not count.
    void report(benchmark::State &state);

  private:
    std::vector<uint64_t> cycles_;
    uint64_t sum_ = 0;
};

} // namespace lagg::bench
