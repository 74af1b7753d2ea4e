// A real server on a socket in a directory of its own, its event loop on a thread of its own.
#pragma once

#include "control/api/loop_work.hh"
#include "control/api/server.hh"

#include <event2/event.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace lagg::api::testing {

/// A directory that goes with the test.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "lagg-api-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string file(const std::string &name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

/// Serves until destroyed.
class RunningServer {
  public:
    RunningServer(const std::string &path, Handlers handlers, Limits limits = {})
        : base_(event_base_new()), event_(run_in_loop(base_.get(), work_)),
          server_(Server::listen(base_.get(), path, std::move(handlers), limits)),
          thread_([this] { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); }) {}
    ~RunningServer() {
        work_.sender().post([this] { event_base_loopbreak(base_.get()); });
        thread_.join();
    }

    /// Whether it started; the error where it did not.
    const Result<std::unique_ptr<Server>> &result() const { return server_; }

  private:
    struct FreeBase {
        void operator()(event_base *base) const { event_base_free(base); }
    };
    // Destroyed from the bottom: the base goes last.
    std::unique_ptr<event_base, FreeBase> base_;
    WorkQueue work_;
    Event event_;
    Result<std::unique_ptr<Server>> server_;
    std::thread thread_;
};

} // namespace lagg::api::testing
