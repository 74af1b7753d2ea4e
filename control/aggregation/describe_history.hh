// A port's history as an observer sees it: frames decoded, times on the wall.
#pragma once

#include "control/aggregation/aggregate.hh"
#include "control/api/snapshot.hh"

#include <chrono>

namespace lagg::aggregation {

api::LacpEnd describe_end(const lacp::PortInformation &end);

/// `wall_now` is the wall clock at `now`; earlier times are counted back from it.
api::PortHistory describe_history(const Aggregate &aggregate, const Member &member, lacp::Time now,
                                  std::chrono::system_clock::time_point wall_now);

} // namespace lagg::aggregation
