// Why a port carries no traffic: a walk from its device outwards to the partner, to the first thing
// that is wrong and what to do about it. A pure function of the snapshot.
#pragma once

#include "control/api/snapshot.hh"

#include <string>
#include <vector>

namespace lagg::ctl {

struct WhyStep {
    std::string check; ///< device, link, LACP, ...
    bool ok = true;
    std::string says;
};

struct Why {
    std::string lagg;
    std::string port;
    bool carries = false; ///< the port transmits the lagg's traffic
    std::string finding;  ///< a word for scripts: link_down, partner_silent, ...; or carries
    std::string reason;   ///< half a sentence; empty when it carries
    std::string advice;   ///< what to do, as sentences; may be empty
    /// Up to the first that is not ok, and with it.
    std::vector<WhyStep> steps;
};

Why explain(const api::Lagg &lagg, const api::Port &port);

/// The steps as a list, and the end of it in one sentence.
std::string render_why(const Why &why);
/// The same for machines: an object with the names of the fields above.
std::string why_as_json(const std::vector<Why> &list, bool one_port);

} // namespace lagg::ctl
