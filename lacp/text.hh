// Names to text and back, for transcripts, records and the client. Allocation is allowed here only.
#pragma once

#include "lacp/types.hh"

#include <string>

namespace lagg::lacp {

const char *to_text(RxState state);
const char *to_text(PeriodicState state);
const char *to_text(MuxState state);
const char *to_text(ChurnState state);
const char *to_text(Selected selected);

/// "AGSCD---" style flags: A activity, S short timeout, G aggregatable, N in sync, C collecting,
/// D distributing, F defaulted, E expired, in bit order; '-' where the bit is clear.
std::string flags_text(State state);
/// "8000,02-00-00-aa-00-01": priority in hexadecimal, address.
std::string to_text(const SystemId &system);

} // namespace lagg::lacp
