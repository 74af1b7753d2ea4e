// Counters with one writer, the worker, and any number of readers.
#pragma once

#include "dataplane/base/device_counters.hh"
#include "dataplane/distribute/bucket_table.hh"

#include <array>
#include <atomic>
#include <cstdint>

namespace lagg::worker {

/// A counter only its owner adds to, so that adding needs no locked instruction; readers see a
/// value that was true a moment ago.
class Counter {
  public:
    void add(uint64_t n) {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<uint64_t> value_{0};
};

/// PDUs of ours that were dropped on their way to a device, which the core takes for sent.
template <typename Cell> struct UnsentOf {
    Cell lacpdus{};
    Cell markers{};
    Cell marker_responses{};

    static constexpr Cell UnsentOf::*kCells[] = {&UnsentOf::lacpdus, &UnsentOf::markers,
                                                 &UnsentOf::marker_responses};
};
using UnsentCounters = UnsentOf<Counter>;

/// What one worker did at one device.
struct alignas(64) DeviceCounters : DeviceCountersOf<Counter> {
    Counter announcements; ///< that were sent, or dropped because the port left
    UnsentCounters unsent;
};

/// What one worker sent by each bucket of one lagg, in octets, since it began; counted only while
/// LaggForwarding::measure says so. It wraps, so a reader takes differences.
struct alignas(64) BucketLoads {
    std::array<std::atomic<uint32_t>, distribute::kBuckets> octets{};
};

/// The sums over all workers.
struct DeviceTotals : DeviceCountersOf<uint64_t> {
    UnsentOf<uint64_t> unsent;

    void add(const UnsentCounters &one);
    void add(const DeviceCounters &one);
    DeviceTotals &operator-=(const DeviceTotals &base);
};

/// What a worker has done of Shared::flush_wanted.
struct alignas(64) FlushProgress {
    std::atomic<uint64_t> done{0};
};

struct alignas(64) LoopCounters {
    Counter loops;
    Counter busy_loops; ///< loops that moved a packet
};

} // namespace lagg::worker
