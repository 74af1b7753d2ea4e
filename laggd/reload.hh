// From a file to what runs, and what became of the last try.
#pragma once

#include "control/config/config.hh"
#include "dataplane/base/result.hh"
#include "laggd/supervisor.hh"

#include <mutex>
#include <string>

namespace lagg::daemon {

/// Outcome of the last reload, for the status: "ok", or why it was refused. Any thread may ask.
class LastReload {
  public:
    void set(const std::string &text) {
        const std::lock_guard lock(mutex_);
        text_ = text;
    }
    std::string text() const {
        const std::lock_guard lock(mutex_);
        return text_;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_ = "ok"; ///< guarded by mutex_
};

/// Reads `file` and puts it into effect, whole or not at all. `begun` is the configuration that the
/// daemon started with. Returns a sentence for who asked; the error has all mistakes, a line each.
/// Both are logged, and kept in `last`.
Result<std::string> reload_file(const std::string &file, const config::Config &begun,
                                Supervisor &supervisor, LastReload &last);

} // namespace lagg::daemon
