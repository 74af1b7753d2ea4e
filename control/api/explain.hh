// Why a port carries no traffic: a walk from its device outwards to the partner, to the first thing
// that is wrong and what to do about it. Pure functions of the snapshot, of which their answers
// become a part, so that whoever reads it has them.
#pragma once

#include "control/api/snapshot.hh"

#include <string>
#include <vector>

namespace lagg::api {

Why explain(const Lagg &lagg, const Port &port);

/// What an operator has to know of a lagg, a line each: why ports are idle, and what will make them
/// so.
std::vector<std::string> warnings(const Lagg &lagg);

/// Fills Port::why and Lagg::warnings.
void explain(Lagg &lagg);

} // namespace lagg::api
