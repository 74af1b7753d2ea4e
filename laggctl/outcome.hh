// How laggctl ends. The numbers are part of the interface: scripts test them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace lagg::ctl {

enum class ExitCode {
    OK = 0,
    FAILED = 1,
    USAGE = 2,
    NO_SUCH_OBJECT = 3,
    UNREACHABLE = 4,
    PERMISSION = 5,
    INVALID_CONFIG = 6,
    NO_TRAFFIC = 7, ///< a port that was asked about carries none
    UNFIT = 8,      ///< doctor found something wrong
    TIMEOUT = 9,
};

/// Why a call did not succeed, and what was probably meant (may be empty).
struct Failure {
    ExitCode code = ExitCode::FAILED;
    std::string message;
    std::string nearest{};
};

/// All that the process leaves behind.
struct Outcome {
    ExitCode code = ExitCode::OK;
    std::string standard_output;
    std::string standard_error;
};

/// As text for standard error; with `as_json` as {"error": ..} for standard output, so that whoever
/// parses the output always gets JSON.
Outcome to_outcome(const Failure &failure, bool as_json);

/// A document as it is printed. What would steer a terminal is escaped, which means the same in
/// JSON.
std::string json_text(const nlohmann::json &document);

} // namespace lagg::ctl
