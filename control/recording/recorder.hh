// Writes what enters and leaves the LACP cores to a file, in a thread of its own.
//
// The queue is bounded and whoever records never waits for the disk: lines it has no room for are
// lost, and a line says how many. The file is bounded too: at kMostBytes it ends, and what was
// recorded until then can be replayed. A file of the run before is kept as FILE.1.
#pragma once

#include "control/recording/codec.hh"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace lagg::recording {

inline constexpr size_t kMostBytes = size_t{256} << 20;
inline constexpr size_t kMostQueued = 8192;

class Recorder {
  public:
    static Result<std::unique_ptr<Recorder>> open(const std::string &path);
    /// Writes what is queued.
    ~Recorder();
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;

    void started(const std::string &lagg, lacp::Time now, const lacp::SystemParameters &parameters);
    void happened(const std::string &lagg, lacp::Time now, const lacp::Event &event);
    void acted(const std::string &lagg, lacp::Time now, const lacp::Action &action);

  private:
    /// As it is queued: the texts are made by the thread that writes.
    struct Item {
        lacp::Time time;
        std::string lagg;
        std::variant<Start, Input, lacp::Action> what;
    };

    explicit Recorder(std::FILE *file);
    void put(Item item);
    void run();
    void write(const Item &item);
    void write(const std::string &line);

    std::FILE *file_;
    size_t written_bytes_ = 0;
    std::mutex mutex_;
    std::condition_variable more_;
    std::deque<Item> queue_; ///< guarded by mutex_, as are the next two
    uint64_t lost_ = 0;
    bool stop_ = false;
    std::thread thread_;
};

} // namespace lagg::recording
