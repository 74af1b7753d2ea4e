// What an operator can switch on and off on a port, each in one row: the API's paths, the commands
// of laggctl, the sentences of the answers and the call of the function that does it come from
// here.
#pragma once

#include <string>

/// Word in paths and commands; the command it stands below, which looks for the port's lagg, or
/// none; what help says of it; the sentences when it was switched on and off, {} being the port.
/// Engine::set_WORD of control/aggregation does it.
#define LAGG_PORT_SWITCHES(SWITCH)                                                                 \
    SWITCH(drain, "", "Move a port's flows to the others",                                         \
           "{} is drained: its flows go to the other ports", "{} is not drained any more")         \
    SWITCH(txtest, "lacp", "For laboratories: its LACPDUs are not sent",                           \
           "LACPDUs are not sent on {} until txtest is off", "LACPDUs are sent on {}")             \
    SWITCH(rxtest, "lacp", "For laboratories: LACPDUs that come are dropped",                      \
           "LACPDUs that come on {} are dropped until rxtest is off",                              \
           "LACPDUs that come on {} are received")

namespace lagg::api {

struct PortSwitch {
    const char *word;
    const char *below;
    const char *help;
    const char *when_on;
    const char *when_off;
};
inline constexpr PortSwitch kPortSwitches[] = {
#define LAGG_ROW(word, below, help, when_on, when_off) {#word, below, help, when_on, when_off},
    LAGG_PORT_SWITCHES(LAGG_ROW)
#undef LAGG_ROW
};

/// One of them, on or off, on one port.
struct SwitchWish {
    const PortSwitch *what = nullptr; ///< of kPortSwitches
    std::string lagg;
    std::string port;
    bool on = false;
};

} // namespace lagg::api
