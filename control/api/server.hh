// The daemon's HTTP server on a Unix socket (libevent's evhttp).
//
//   GET  /v1/status          Status
//   GET  /v1/laggs           array of Lagg
//   GET  /v1/laggs/NAME      Lagg, 404 with the nearest name
//   POST /v1/reload          200 {"message": ..}, or 422 {"error": {"message": ..}}
#pragma once

#include "control/api/snapshot.hh"
#include "dataplane/base/result.hh"

#include <functional>
#include <memory>
#include <string>

struct event_base;

namespace lagg::api {

struct Handlers {
    /// Called on the server's thread for every request; must be quick.
    std::function<Status()> status;
    /// Starts a reload and returns at once; `done` may be called later from any thread, once.
    std::function<void(std::function<void(Result<std::string>)> done)> reload;
};

class Server {
  public:
    /// Listens on `path` (mode 0660, group lagg where it exists) with `base`, which the caller runs.
    /// A socket left behind by a dead daemon is replaced; one with a live daemon behind it is an error.
    static Result<std::unique_ptr<Server>> listen(event_base *base, const std::string &path, Handlers handlers);
    /// Stops listening and removes the socket.
    virtual ~Server() = default;
};

} // namespace lagg::api
