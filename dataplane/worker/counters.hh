// Counters with one writer, the worker, and any number of readers.
#pragma once

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
struct UnsentCounters {
    Counter lacpdus;
    Counter markers;
    Counter marker_responses;
};

/// What one worker did at one device. Packets and octets without FCS.
struct alignas(64) DeviceCounters {
    Counter rx_packets;
    Counter rx_bytes;
    Counter tx_packets;
    Counter tx_bytes;
    Counter rx_not_collecting; ///< dropped: the port was not collecting
    Counter tx_no_member;      ///< dropped at a lagg's upper device: nothing was distributing
    Counter tx_full;           ///< dropped: the device did not take them
    Counter slow_rx;
    Counter slow_tx;
    Counter slow_dropped; ///< of our own frames: the device had no room, or its port left
    /// Dropped: as many as may of the port's already waited for the protocol thread.
    Counter slow_rx_full;
    Counter oam_rx;         ///< dropped, and counted in slow_rx as well
    Counter esmc_rx;        ///< the same
    Counter mac_control_rx; ///< dropped
    Counter announcements;  ///< that were sent, or dropped because the port left
    UnsentCounters unsent;
};

/// What one worker sent by each bucket of one lagg, in octets, since it began; counted only while
/// LaggForwarding::measure says so. It wraps, so a reader takes differences.
struct alignas(64) BucketLoads {
    std::array<std::atomic<uint32_t>, distribute::kBuckets> octets{};
};

/// The sums over all workers.
struct DeviceTotals {
    uint64_t rx_packets = 0;
    uint64_t rx_bytes = 0;
    uint64_t tx_packets = 0;
    uint64_t tx_bytes = 0;
    uint64_t rx_not_collecting = 0;
    uint64_t tx_no_member = 0;
    uint64_t tx_full = 0;
    uint64_t slow_rx = 0;
    uint64_t slow_tx = 0;
    uint64_t slow_dropped = 0;
    uint64_t slow_rx_full = 0;
    uint64_t oam_rx = 0;
    uint64_t esmc_rx = 0;
    uint64_t mac_control_rx = 0;
    uint64_t unsent_lacpdus = 0;
    uint64_t unsent_markers = 0;
    uint64_t unsent_marker_responses = 0;
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
