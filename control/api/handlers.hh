// What the API asks of the daemon.
#pragma once

#include "control/api/port_switches.hh"
#include "control/api/snapshot.hh"
#include "dataplane/base/result.hh"

#include <functional>
#include <string>

namespace lagg::api {

struct Handlers {
    /// Called on the server's thread for every request; must be quick.
    std::function<Status()> status;
    /// Starts a reload and returns at once; `done` may be called later from any thread, once.
    std::function<void(std::function<void(Result<std::string>)> done)> reload;
    // Called as `status` is, with a lagg and a port that were there a moment ago.
    std::function<Result<PortHistory>(const std::string &lagg, const std::string &port)> history =
        [](const std::string &, const std::string &) { return Error{"there is no history here"}; };
    /// What the driver of a port counts; answers within a second or so.
    std::function<Result<ExtendedCounters>(const std::string &lagg, const std::string &port)>
        xstats = [](const std::string &, const std::string &) {
            return Error{"there are no counters here"};
        };
    /// What the operator should read of the API's own affairs; on the server's thread.
    std::function<void(const std::string &)> note = [](const std::string &) {};
    /// The error says what is wrong with the question.
    std::function<Result<FlowAnswer>(const std::string &lagg, const FlowQuestion &question)>
        where_goes = [](const std::string &, const FlowQuestion &) {
            return Error{"flows cannot be asked about here"};
        };
    /// The sentence of success.
    std::function<Result<std::string>(const SwitchWish &)> switch_port = [](const SwitchWish &) {
        return Error{"there is nothing to switch here"};
    };
};

} // namespace lagg::api
