// The checks that explain() makes, one after another.
#pragma once

#include "control/api/snapshot.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lagg::api {

/// Three LACPDUs at the slow rate, and a little: what came longer ago comes no more.
inline constexpr double kForgottenSeconds = 95;

struct Finding {
    const char *word;
    std::string reason;
    std::string advice{};
    bool also_when_sending = false; ///< it does harm though frames leave there
};

/// What a check found: `says` when all is well, else the finding's reason.
struct Checked {
    std::string says;
    std::optional<Finding> wrong{};
};

struct Check {
    const char *name;
    Checked (*run)(const Lagg &, const Port &);
};

/// Those of LACP, after the link and before min_links.
const std::vector<Check> &lacp_checks();

/// The other end's mux is far enough for traffic, as far as this port is concerned.
bool is_ready(const Lagg &lagg, const Port &port);

/// For a port that is to be drained.
Checked drained(const Lagg &lagg, const Port &port);

inline Checked fine(std::string says) {
    return {std::move(says)};
}
/// Something that does harm also where frames are sent: the port carries half of its traffic.
inline Checked deaf(const char *word, std::string reason, std::string advice) {
    return {{}, Finding{word, std::move(reason), std::move(advice), true}};
}
inline Checked wrong(const char *word, std::string reason, std::string advice = {}) {
    return {{}, Finding{word, std::move(reason), std::move(advice)}};
}

} // namespace lagg::api
