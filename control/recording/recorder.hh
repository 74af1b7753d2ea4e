// Writes what enters and leaves the LACP cores to a file, in a thread of its own.
//
// The queue is bounded and whoever records never waits for the disk: lines it has no room for are
// lost, and a line says how many. The file is bounded too: at kMostBytes it ends, as it does where
// the disk takes no more, and what was recorded until then can be replayed. A file of the run
// before is kept as FILE.1.
#pragma once

#include "control/recording/codec.hh"
#include "dataplane/base/result.hh"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace lagg::recording {

inline constexpr size_t kMostBytes = size_t{256} << 20;
inline constexpr size_t kMostQueued = 8192;
/// How long the end of a recording waits for the disk.
inline constexpr std::chrono::seconds kEndLimit(2);

class Recorder {
  public:
    /// Told, from the thread that writes, why the file takes no more; once at most.
    using Ended = std::function<void(const std::string &why)>;

    /// Whether a recording may be made at the path: a regular file or nothing is there and at
    /// FILE.1.
    static Result<void> can_open(const std::string &path);
    static Result<std::unique_ptr<Recorder>> open(const std::string &path, Ended ended = {});
    /// Writes to a descriptor, and closes it.
    explicit Recorder(int fd, Ended ended = {});
    /// Writes what is queued, for at most kEndLimit: a disk that hangs is left alone with it.
    ~Recorder();
    Recorder(const Recorder &) = delete;
    Recorder &operator=(const Recorder &) = delete;

    void started(const std::string &lagg, lacp::Time now, const lacp::SystemParameters &parameters);
    void happened(const std::string &lagg, lacp::Time now, const lacp::Event &event);
    void acted(const std::string &lagg, lacp::Time now, const lacp::Action &action);

  private:
    class Writer;

    /// Shared with the thread, which may outlive the recorder where the disk hangs.
    std::shared_ptr<Writer> writer_;
    std::thread thread_;
};

} // namespace lagg::recording
