// What is counted of a device, each in one row: cells that a worker adds to, sums over workers,
// their differences, JSON, the columns of laggctl's table and the list in its manual come from
// here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

/// Name in JSON and in the program, title of the column, meaning. Packets and octets without FCS.
#define LAGG_DEVICE_COUNTERS(COUNTER)                                                              \
    COUNTER(rx_packets, "RX-PACKETS", "frames that came")                                          \
    COUNTER(rx_bytes, "RX-BYTES", "their octets")                                                  \
    COUNTER(tx_packets, "TX-PACKETS", "frames that were sent")                                     \
    COUNTER(tx_bytes, "TX-BYTES", "their octets")                                                  \
    COUNTER(rx_not_collecting, "RX-NOT-COLL", "dropped: the port was not collecting")              \
    COUNTER(tx_no_member, "TX-NO-PORT", "dropped: no port was distributing")                       \
    COUNTER(tx_full, "TX-FULL", "dropped: the device did not take them")                           \
    COUNTER(slow_rx, "SLOW-RX", "slow-protocol frames that came")                                  \
    COUNTER(slow_tx, "SLOW-TX", "slow-protocol frames and announcements that were sent")           \
    COUNTER(slow_dropped, "SLOW-DROPPED",                                                          \
            "slow-protocol frames of our own that found no room, or all that a client sent")       \
    COUNTER(slow_rx_full, "SLOW-RX-FULL",                                                          \
            "slow-protocol frames dropped because too many of the port's waited already")          \
    COUNTER(oam_rx, "OAM-RX", "dropped: OAM of the link (IEEE 802.3 clause 57)")                   \
    COUNTER(esmc_rx, "ESMC-RX", "dropped: ESMC or other OSSP (Annex 57A)")                         \
    COUNTER(mac_control_rx, "MAC-CONTROL-RX", "dropped: PAUSE and other MAC control (clause 31)")

namespace lagg {

/// A cell for each counter; `Cell` is a plain number, or what a worker adds to.
template <typename Cell> struct DeviceCountersOf {
#define LAGG_CELL(name, title, meaning) Cell name{};
    LAGG_DEVICE_COUNTERS(LAGG_CELL)
#undef LAGG_CELL
};

struct DeviceCounterText {
    const char *name;
    const char *title;
    const char *meaning;
};
/// In the order of the rows, as kDeviceCounterCells is.
inline constexpr DeviceCounterText kDeviceCounterTexts[] = {
#define LAGG_TEXT(name, title, meaning) {#name, title, meaning},
    LAGG_DEVICE_COUNTERS(LAGG_TEXT)
#undef LAGG_TEXT
};
inline constexpr std::size_t kDeviceCounters = std::size(kDeviceCounterTexts);

template <typename Cell>
inline constexpr std::array<Cell DeviceCountersOf<Cell>::*, kDeviceCounters> kDeviceCounterCells{
#define LAGG_MEMBER(name, title, meaning) &DeviceCountersOf<Cell>::name,
    LAGG_DEVICE_COUNTERS(LAGG_MEMBER)
#undef LAGG_MEMBER
};

} // namespace lagg
