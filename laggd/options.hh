// laggd's command line.
#pragma once

#include <string>

namespace lagg::daemon {

// Exit codes, the same for laggd and laggctl.
inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitBadConfig = 6;

struct Options {
    enum class Action { RUN, CHECK, DESCRIBE_CONFIG, REMOVE_INTERFACES, LEAVE };
    Action action = Action::RUN;
    int exit_code = kExitOk; ///< of LEAVE: help was shown, or the command line is wrong
    std::string config_file = "/etc/lagg/lagg.toml";
    bool as_schema = false; ///< of DESCRIBE_CONFIG: a JSON Schema
    std::string log_level;  ///< overrides the configuration when not empty
};

Options parse_command_line(int argc, char **argv);

} // namespace lagg::daemon
