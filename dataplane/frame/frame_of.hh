// From a key back to a frame, for whoever has a flow and asks something that reads frames.
#pragma once

#include "dataplane/frame/flow_key.hh"

#include <cstdint>
#include <vector>

namespace lagg::frame {

/// A small whole frame of the flow, at least 60 octets: parse() of it gives the key again, if it is
/// one that parse() can give. Lengths are right and there are no checksums; what a key does not
/// hold is zero, or of the usual value (TTL 64). A protocol with ports whose key has none is a
/// fragment's.
std::vector<uint8_t> frame_of(const FlowKey &key);

} // namespace lagg::frame
