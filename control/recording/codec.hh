// One line of JSON for everything that enters or leaves the LACP core, so that a bug report can
// become a test.
//
// "ns" is the time, "lagg" whose System it is. The first line of a System has "event": "start" and
// its parameters; the other events are those of lacp/events.hh, frames in hexadecimal. An "action"
// is its line of lacp/transcript.hh. {"lost": N} stands where N lines could not be written: what
// follows cannot be replayed.
#pragma once

#include "dataplane/base/result.hh"
#include "lacp/events.hh"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace lagg::recording {

/// A System begins.
struct Start {
    lacp::SystemParameters parameters;
};
/// An event. The frame of SlowFrameReceived and the ports of SystemParametersChanged are kept
/// beside it; event() joins them.
struct Input {
    Input() = default;
    explicit Input(const lacp::Event &event);
    /// Valid for as long as this lives.
    lacp::Event event() const;

    lacp::Event bare;
    std::vector<uint8_t> frame;
    std::vector<lacp::PortParametersChanged> ports;
};
/// An action: its line, and what was sent.
struct Output {
    Output() = default;
    explicit Output(const lacp::Action &action);
    std::string text;
    std::vector<uint8_t> frame;
    bool operator==(const Output &) const = default;
};
struct Lost {
    uint64_t lines = 0;
};

struct Line {
    lacp::Time time;
    std::string lagg; ///< empty for Lost
    std::variant<Start, Input, Output, Lost> what;
};

/// Without the end of line.
std::string to_json(const Line &line);
/// The error says what is wrong with it.
Result<Line> parse(std::string_view text);

} // namespace lagg::recording
