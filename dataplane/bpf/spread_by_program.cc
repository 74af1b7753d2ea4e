#include "dataplane/bpf/spread_by_program.hh"

#include "dataplane/distribute/instruction_set.hh"

namespace lagg::bpf {

namespace {

const distribute::KeyHash kHash = distribute::key_hash();

using distribute::FrameView;
using distribute::Spread;

/// Where the policy looks into tunnels, UDP may be one.
uint64_t plain_protocol(const Spread &spread) {
    return spread.policy.inner ? LAGG_TCP : LAGG_UDP;
}

/// For a policy that reads the hash. It is made of the key, so that the key is read for every
/// frame.
void with_hash(const Program &program, const Spread &spread, lagg_flow &flow,
               std::span<const FrameView> frames, uint8_t *members) {
    const uint64_t other_protocol = plain_protocol(spread);
    for (const FrameView &view : frames) {
        const frame::FlowKey key = distribute::key_of({view.data, view.length}, spread.policy);
        if (!fill_plain(view, other_protocol, flow)) [[unlikely]]
            fill(key, view.length, flow);
        flow.hash = kHash(spread.hash, key);
        *members++ = spread.table.member[bucket_of(program.run(flow))];
    }
}

void without_hash(const Program &program, const Spread &spread, lagg_flow &flow,
                  std::span<const FrameView> frames, uint8_t *members) {
    const uint64_t other_protocol = plain_protocol(spread);
    for (const FrameView &view : frames) {
        if (!fill_plain(view, other_protocol, flow)) [[unlikely]]
            fill(distribute::key_of({view.data, view.length}, spread.policy), view.length, flow);
        *members++ = spread.table.member[bucket_of(program.run(flow))];
    }
}

} // namespace

void members_by_program(const Program &program, const Spread &spread, ProgramMemory &memory,
                        uint64_t now_us, std::span<const FrameView> frames, uint8_t *members) {
    memory.flow.now_us = now_us;
    const auto loop = program.reads_hash() ? with_hash : without_hash;
    loop(program, spread, memory.flow, frames, members);
}

} // namespace lagg::bpf
