// One HTTP request to the daemon's Unix socket at a time (libcurl).
#pragma once

#include "laggctl/outcome.hh"

#include <chrono>
#include <string>
#include <variant>

namespace lagg::ctl {

struct Response {
    long status = 0;
    std::string body;
};

enum class Method { GET, POST };

class Client {
  public:
    /// `timeout` is for a whole request, connecting included.
    Client(std::string socket, std::chrono::milliseconds timeout)
        : socket_(std::move(socket)), timeout_(timeout) {}

    /// Any HTTP answer is a Response; a Failure says why there is none: UNREACHABLE, PERMISSION,
    /// TIMEOUT, or FAILED where something else than laggd answers. Blocks.
    std::variant<Response, Failure> request(Method method, const std::string &path,
                                            const std::string &body = {}) const;

    /// One segment of a path, percent-encoded.
    static std::string escaped(const std::string &segment);

  private:
    std::string socket_;
    std::chrono::milliseconds timeout_;
};

} // namespace lagg::ctl
