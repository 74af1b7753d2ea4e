// The arguments as a plain struct. CLI11 stays behind this header.
#pragma once

#include "control/api/port_switches.hh"
#include "laggctl/outcome.hh"
#include "laggctl/render.hh"

#include <chrono>
#include <string>
#include <variant>

namespace lagg::ctl {

inline constexpr const char *kDefaultConfig = "/etc/lagg/lagg.toml";
inline constexpr const char *kDefaultSocket = "/run/lagg/api.sock";

enum class Verb { SUMMARY, SHOW, STATUS, RELOAD, WHY, HASH, PDUS, HISTORY, XSTATS, SWITCH, DOCTOR };

struct CommandLine {
    Verb verb = Verb::SUMMARY;
    std::string lagg; ///< of SHOW, where empty means all, WHY, HASH, some of SWITCH
    std::string port; ///< of WHY, where empty means all of the lagg, and of the verbs behind it
    const api::PortSwitch *port_switch = nullptr; ///< of SWITCH
    bool on = false;                              ///< of SWITCH
    bool as_hex = false;                          ///< of PDUS
    std::string config_file = kDefaultConfig;     ///< of DOCTOR
    bool config_was_named = false;                ///< else it may be absent
    api::FlowQuestion flow;                       ///< of HASH; its values are the daemon's to check
    View view = View::OVERVIEW;
    bool as_json = false;
    std::string socket = kDefaultSocket;
    std::chrono::milliseconds timeout{5000};
};

/// A command to run, or the outcome where there is nothing to run: help, version, a usage error.
std::variant<CommandLine, Outcome> parse_command_line(int argc, const char *const *argv);

} // namespace lagg::ctl
