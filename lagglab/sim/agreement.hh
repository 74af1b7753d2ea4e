// Whether the Systems agree, once nothing goes wrong any more: who must know whom, who must carry
// traffic, and for how long that may take.
#pragma once

#include "lagglab/sim/world.hh"

namespace lagg::sim {

/// Time from the last fault until every change is over. What a port has to forget is forgotten
/// after Long_Timeout_Time and Short_Timeout_Time, and the partner with the slow rate is heard
/// Slow_Periodic_Time later at most. Then the Aggregators are chosen anew: a partner that refuses
/// is given up after kPatienceTime, for each System that waits for another one, with a wait_while
/// before and after, and the wait-to-restore and the fallback time of the Systems.
lacp::Duration convergence_bound(const World &world);

/// Empty when all ends agree, else what is missing. Call when no fault is left.
std::string disagreement(const World &world);

} // namespace lagg::sim
