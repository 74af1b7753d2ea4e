#include "bench/engine/core_time.hh"

#include <cassert>
#include <pthread.h>

namespace lagg::bench {

clockid_t own_core_clock() {
    clockid_t clock{};
    const int code = pthread_getcpuclockid(pthread_self(), &clock);
    assert(code == 0);
    return clock;
}

uint64_t nanoseconds(clockid_t clock) {
    timespec time{};
    const int code = clock_gettime(clock, &time);
    assert(code == 0);
    return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

} // namespace lagg::bench
