// What the API answers, apart from how HTTP carries it.
#pragma once

#include "control/api/handlers.hh"
#include "control/api/route.hh"

#include <string>
#include <string_view>

namespace lagg::api {

/// HTTP's status codes.
inline constexpr int kOk = 200;
inline constexpr int kBadRequest = 400;
inline constexpr int kNotFound = 404;
inline constexpr int kBadMethod = 405;
inline constexpr int kConflict = 409;
inline constexpr int kUnprocessable = 422;
inline constexpr int kUnavailable = 503;

struct Answer {
    int code = kOk;
    std::string body; ///< JSON
};

Answer refusal(int code, const std::string &message, const std::string &nearest_name = {});
/// The sentence of success, or the error with that code.
Answer told(const Result<std::string> &sentence, int code_of_error);

/// To a request with that body, for anything but a reload, which is answered when it is done.
Answer answer_to(const Route &route, std::string_view body, const Handlers &handlers);

} // namespace lagg::api
