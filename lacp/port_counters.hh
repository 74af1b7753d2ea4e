// What LACP counts of a port (802.1AX 7.3.3), each in one row: cells, JSON, the columns of
// laggctl's table and the list in its manual come from here.
#pragma once

#include <cstdint>

/// Name, which JSON has too, title of the column, meaning.
#define LAGG_PORT_COUNTERS(COUNTER)                                                                \
    COUNTER(lacpdus_tx, "LACPDU-TX", "LACPDUs that were sent")                                     \
    COUNTER(lacpdus_rx, "LACPDU-RX", "LACPDUs that came")                                          \
    COUNTER(marker_pdus_tx, "MARKER-TX", "Markers that were sent")                                 \
    COUNTER(marker_pdus_rx, "MARKER-RX", "Markers that came")                                      \
    COUNTER(marker_response_pdus_tx, "ANSWER-TX", "Marker Responses that were sent")               \
    COUNTER(marker_response_pdus_rx, "ANSWER-RX", "Marker Responses that came")                    \
    COUNTER(unknown_rx, "UNKNOWN", "slow-protocol frames that are neither LACP nor Marker")        \
    COUNTER(illegal_rx, "ILLEGAL", "malformed PDUs, and subtypes 0 and above 10")

namespace lagg::lacp {

struct PortCounters {
#define LAGG_CELL(name, title, meaning) uint64_t name = 0;
    LAGG_PORT_COUNTERS(LAGG_CELL)
#undef LAGG_CELL
};

struct PortCounter {
    const char *name;
    const char *title;
    const char *meaning;
    uint64_t PortCounters::*cell;
};
inline constexpr PortCounter kPortCounters[] = {
#define LAGG_ROW(name, title, meaning) {#name, title, meaning, &PortCounters::name},
    LAGG_PORT_COUNTERS(LAGG_ROW)
#undef LAGG_ROW
};

} // namespace lagg::lacp
