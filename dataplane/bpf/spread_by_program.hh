// The loop over a burst for a lagg whose policy is a program.
#pragma once

#include "dataplane/bpf/flow.hh"
#include "dataplane/bpf/program.hh"
#include "dataplane/distribute/spread.hh"

#include <cstdint>
#include <span>

namespace lagg::bpf {

/// Writes the member index of each frame, or what the table has for nobody, to
/// members[0..frames.size()). `now_us`: a clock in microseconds that does not go back. The memory
/// is the calling worker's for this program. The frame's length is that of its FrameView.
void members_by_program(const Program &program, const distribute::Spread &spread,
                        ProgramMemory &memory, uint64_t now_us,
                        std::span<const distribute::FrameView> frames, uint8_t *members);

} // namespace lagg::bpf
