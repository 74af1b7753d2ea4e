// A thread that sends numbered frames at a steady rate in two directions, and hears them at the
// other ends.
#pragma once

#include "bench/failover/numbered.hh"
#include "bench/failover/record.hh"

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace lagg::bench {

/// Where the frames of a direction go in and come out, as sockets. Of several ends that hear, each
/// is a port with its place as number; frames of one end alone do not tell their port.
struct Way {
    std::vector<int> send;
    std::vector<int> hear;
};

class SteadyTraffic {
  public:
    /// A frame in each direction every `period`.
    SteadyTraffic(const std::array<Way, 2> &ways, unsigned flows, Nanoseconds period);
    ~SteadyTraffic();
    SteadyTraffic(const SteadyTraffic &) = delete;
    SteadyTraffic &operator=(const SteadyTraffic &) = delete;

    /// The records of both directions, which the thread leaves alone meanwhile.
    template <typename Call> auto look(const Call &call) {
        const std::lock_guard lock(mutex_);
        return call(records_);
    }
    /// Ends that the second direction is sent by; where empty, the one whose number the first
    /// direction last came by.
    void use(std::vector<unsigned> ends);

  private:
    void loop();
    void send_due(Nanoseconds now);
    void send(unsigned direction, int fd);
    void hear(unsigned direction, size_t end);
    int second_end() const;

    std::array<Way, 2> ways_;
    std::array<NumberedFrames, 2> frames_;
    Nanoseconds period_;
    Nanoseconds next_ = 0;
    unsigned flow_ = 0;
    std::mutex mutex_;
    std::array<Record, 2> records_; ///< guarded by mutex_
    std::vector<unsigned> use_;     ///< guarded by mutex_
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

} // namespace lagg::bench
