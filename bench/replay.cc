#include "bench/replay.hh"

#include "bench/sinks.hh"

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <algorithm>
#include <utility>

namespace lagg::bench {

namespace {

/// Passes that only teach the caches and the branch predictor.
constexpr unsigned kWarmUp = 8;

} // namespace

Replay::Replay(Traffic &traffic, unsigned burst, bool hot, std::function<void()> stop)
    : traffic_(traffic), burst_(burst), hot_(hot), stop_(std::move(stop)), warm_up_(kWarmUp) {}

Replay::~Replay() {
    Sinks::get().arm();
}

void Replay::arm(unsigned members) {
    Sinks::get().receive_from(members, receive, this);
}

uint16_t Replay::receive(void *queue, rte_mbuf **frames, uint16_t most) {
    return static_cast<Replay *>(queue)->take(frames, most);
}

// The first call after the last frame of a pass ends it: by then that frame is dealt with.
uint16_t Replay::take(rte_mbuf **frames, uint16_t most) {
    if (next_ == end_) [[unlikely]] {
        if (ended_ || !end_pass()) return 0;
        begin_pass();
    }
    const auto count =
        static_cast<uint16_t>(std::min<ptrdiff_t>(std::min<ptrdiff_t>(most, burst_), end_ - next_));
    std::copy_n(next_, count, frames);
    next_ += count;
    return count;
}

void Replay::begin_pass() {
    std::vector<rte_mbuf *> &pass = traffic_.next();
    next_ = pass.data();
    end_ = next_ + pass.size();
    packets_ += pass.size();
    if (!hot_) traffic_.cool();
    running_ = true;
    begun_ = rte_rdtsc_precise();
}

/// Whether another pass is wanted.
bool Replay::end_pass() {
    const uint64_t end = rte_rdtsc_precise();
    if (running_ && warm_up_ == 0)
        passes_.add(end - begun_);
    else if (running_)
        --warm_up_;
    running_ = false;
    if (!passes_.enough()) return true;
    ended_ = true;
    stop_();
    return false;
}

} // namespace lagg::bench
