// The daemon's HTTP server on a Unix socket (libevent's evhttp).
//
//   GET  /v1/status          Status
//   GET  /v1/laggs           array of Lagg, each with its warnings and its ports' why
//   GET  /v1/laggs/NAME      Lagg, 404 with the nearest name
//   POST /v1/laggs/NAME/hash  FlowQuestion: FlowAnswer, or 400 for another body or a wrong value;
//                             numbers may be JSON's or strings
//   POST /v1/reload          200 {"message": ..}, or 422 {"error": {"message": ..}}
//   GET  /v1/laggs/NAME/ports/PORT/lacp     PortHistory
//   GET  /v1/laggs/NAME/ports/PORT/xstats   ExtendedCounters, or 409 where the driver has none
//   POST /v1/laggs/NAME/ports/PORT/WORD     {"on": true or false}: 200 {"message": ..}, or 409
//                                           when the port cannot do that, 400 for another body;
//                                           the words are those of port_switches.hh
//
// Every refusal is {"error": {"message": .., "nearest": ..}} (nearest where there is one): 404 for
// an unknown path, lagg or port, 405 for a method the path does not have, 503 for any request of a
// client for which there is no place. Only what is not HTTP at
// all (400), or too long (413, or the connection just closes), gets the library's own answer.
#pragma once

#include "control/api/handlers.hh"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

struct event_base;

namespace lagg::api {

/// What a client may cost.
struct Limits {
    /// A connection on which nothing moves for this long is closed.
    std::chrono::milliseconds idle{5000};
    size_t header_bytes = 8192;
    size_t body_bytes = 16384;
    /// So many connections are served at a time.
    size_t clients = 64;
    /// So many of the others are told at a time that there is no place, and hang up or are cut off
    /// after a second.
    size_t refused = 2;
};

class Server {
  public:
    /// Listens on `path` (mode 0660, group lagg where it exists) with `base`, which the caller
    /// runs. A socket left behind by a dead daemon is replaced; one with a live daemon behind it is
    /// an error. A missing directory is made. When the socket is removed, it is made again within a
    /// second or so. The process ignores SIGPIPE from here on, unless it
    /// handles it: a client that hangs up must not end the daemon.
    static Result<std::unique_ptr<Server>> listen(event_base *base, const std::string &path,
                                                  Handlers handlers, Limits limits = {});
    /// Stops listening, drops the clients and removes the socket; on the thread that runs the base,
    /// or when none does. A reload that is still under way may call its `done` afterwards.
    virtual ~Server() = default;
};

} // namespace lagg::api
