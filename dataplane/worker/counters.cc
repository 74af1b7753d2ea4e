#include "dataplane/worker/counters.hh"

namespace lagg::worker {

void DeviceTotals::add(const UnsentCounters &one) {
    for (size_t i = 0; i < std::size(UnsentCounters::kCells); ++i)
        unsent.*unsent.kCells[i] += (one.*one.kCells[i]).value();
}

void DeviceTotals::add(const DeviceCounters &one) {
    for (size_t i = 0; i < kDeviceCounters; ++i)
        this->*kDeviceCounterCells<uint64_t>[i] += (one.*kDeviceCounterCells<Counter>[i]).value();
    add(one.unsent);
}

DeviceTotals &DeviceTotals::operator-=(const DeviceTotals &base) {
    for (const auto cell : kDeviceCounterCells<uint64_t>)
        this->*cell -= base.*cell;
    for (const auto cell : unsent.kCells)
        unsent.*cell -= base.unsent.*cell;
    return *this;
}

} // namespace lagg::worker
