#include "bench/failover/traffic.hh"

#include "bench/engine/core_time.hh"

#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>

namespace lagg::bench {

namespace {

/// Longest backlog that is made up for; older frames are never sent.
constexpr Nanoseconds kLongestDebt = 5'000'000;
constexpr unsigned kAtOnce = 64;

Nanoseconds clock() {
    return nanoseconds(CLOCK_MONOTONIC);
}

// Frames are to be sent and seen in time also where workers keep every core busy; without the
// permission for it the figures say more of the machine.
void go_first() {
    sched_param parameters{};
    parameters.sched_priority = 2;
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
    pthread_setname_np(pthread_self(), "traffic");
}

} // namespace

SteadyTraffic::SteadyTraffic(const std::array<Way, 2> &ways, unsigned flows, Nanoseconds period)
    : ways_(ways), frames_{NumberedFrames(flows, 0), NumberedFrames(flows, 1)},
      period_(period), records_{Record(flows), Record(flows)} {
    for (unsigned end = 0; end < ways_[1].send.size(); ++end)
        use_.push_back(end);
    thread_ = std::thread([this] { loop(); });
}

SteadyTraffic::~SteadyTraffic() {
    stop_ = true;
    thread_.join();
}

void SteadyTraffic::use(std::vector<unsigned> ends) {
    const std::lock_guard lock(mutex_);
    use_ = std::move(ends);
}

int SteadyTraffic::second_end() const {
    const std::vector<int> &ends = ways_[1].send;
    if (!use_.empty()) return ends[use_[flow_ % use_.size()]];
    const uint8_t learned = records_[0].last_port();
    return ends[learned < ends.size() ? learned : 0];
}

void SteadyTraffic::send(unsigned direction, int fd) {
    const uint64_t number = records_[direction].sent(flow_, clock());
    const std::span<const uint8_t> bytes = frames_[direction].frame(flow_, number);
    // A frame that an interface without a carrier refuses is as lost as any other.
    [[maybe_unused]] const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
}

void SteadyTraffic::send_due(Nanoseconds now) {
    if (next_ == 0 || now > next_ + kLongestDebt) next_ = now;
    for (; next_ <= now; next_ += period_) {
        flow_ = (flow_ + 1) % frames_[0].flows();
        send(0, ways_[0].send.front());
        send(1, second_end());
    }
}

void SteadyTraffic::hear(unsigned direction, size_t end) {
    const Way &way = ways_[direction];
    const auto port = way.hear.size() > 1 ? static_cast<uint8_t>(end) : kSomePort;
    std::array<uint8_t, 128> bytes;
    for (unsigned i = 0; i < kAtOnce; ++i) {
        const ssize_t got = recv(way.hear[end], bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got <= 0) return; // nothing more, or ENETDOWN once after an interface went down
        const std::optional<uint64_t> number =
            number_of({bytes.data(), static_cast<size_t>(got)}, static_cast<uint8_t>(direction));
        if (number) records_[direction].came(*number, clock(), port);
    }
}

void SteadyTraffic::loop() {
    go_first();
    std::vector<pollfd> fds;
    for (const Way &way : ways_)
        for (const int fd : way.hear)
            fds.push_back({.fd = fd, .events = POLLIN, .revents = 0});
    while (!stop_) {
        const Nanoseconds now = clock();
        const timespec wait{.tv_sec = 0,
                            .tv_nsec = next_ > now ? static_cast<long>(next_ - now) : 0};
        const int ready = ppoll(fds.data(), fds.size(), &wait, nullptr);
        const std::lock_guard lock(mutex_);
        send_due(clock());
        if (ready <= 0) continue;
        for (size_t i = 0; i < fds.size(); ++i) {
            const size_t of_first = ways_[0].hear.size();
            if (fds[i].revents != 0) hear(i < of_first ? 0 : 1, i < of_first ? i : i - of_first);
        }
    }
}

} // namespace lagg::bench
