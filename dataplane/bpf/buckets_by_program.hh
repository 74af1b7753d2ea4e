// The loop over a burst for a lagg whose policy is a program.
#pragma once

#include "dataplane/bpf/flow.hh"
#include "dataplane/bpf/program.hh"
#include "dataplane/distribute/spread.hh"

#include <cstdint>
#include <span>

namespace lagg::bpf {

/// A program at a time, with the memory that the calling worker has for it.
struct ProgramRun {
    const Program &program;
    ProgramMemory &memory;
    uint64_t now_us;                      ///< a clock that does not go back
    distribute::HashFunction find_hashes; ///< of the lagg's policy
};

/// Writes the bucket of each packet, or kSlowBucket, to buckets[0..packets.size()). True when
/// kSlowBucket is among them: a program is not asked where slow-protocol frames go.
bool buckets_by_program(const ProgramRun &run, const distribute::Spread &spread,
                        std::span<const distribute::Packet *const> packets, uint16_t *buckets);

} // namespace lagg::bpf
