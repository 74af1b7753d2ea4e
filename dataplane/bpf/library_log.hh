// What libbpf and librte_bpf say while they look at a program. Both tell the reason of a refusal
// nowhere but in their log, which is one for the whole process.
#pragma once

#include <mutex>
#include <string>

namespace lagg::bpf {

/// While it lives, what the two libraries log from this thread is collected; what other threads
/// log meanwhile goes where it always went. Not for workers: it takes a lock.
class LibraryLog {
  public:
    LibraryLog();
    ~LibraryLog();
    LibraryLog(const LibraryLog &) = delete;
    LibraryLog &operator=(const LibraryLog &) = delete;

    /// Lines, each ended.
    const std::string &text() const { return text_; }

  private:
    std::unique_lock<std::mutex> lock_;
    std::string text_;
};

} // namespace lagg::bpf
