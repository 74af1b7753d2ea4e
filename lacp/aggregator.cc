// Names of Aggregators as static text, because the core does not allocate.
#include "lacp/aggregator.hh"

#include <cassert>

namespace lagg::lacp {

const char *aggregator_name(uint16_t number) {
    static constexpr const char *kNames[] = {
        "none", "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10",
        "11",   "12", "13", "14", "15", "16", "17", "18", "19", "20", "21",
        "22",   "23", "24", "25", "26", "27", "28", "29", "30", "31", "32",
    };
    static_assert(std::size(kNames) == kMaxPorts + 1);
    assert(number <= kMaxPorts);
    return kNames[number];
}

} // namespace lagg::lacp
