// A second reading of frames, for tests: from the octets to the question that an operator would ask
// of `laggctl hash`, as a protocol analyser would show him the frame. Written from the standards,
// and with nothing of the parser's but its promises about how deep it looks.
#pragma once

#include "control/api/snapshot.hh"

#include <cstdint>
#include <optional>
#include <span>

namespace lagg::aggregation {

/// The question for a frame of the outermost packet, or of the innermost one. None where there is
/// no flow to ask about: a frame shorter than its addresses, one that is never distributed, or one
/// whose type is IP's and whose header cannot be that.
std::optional<api::FlowQuestion> dissect(std::span<const uint8_t> frame, bool innermost);

} // namespace lagg::aggregation
