#include "dataplane/bpf/buckets_by_program.hh"

#include "dataplane/distribute/instruction_set.hh"

namespace lagg::bpf {

namespace {

const distribute::KeyHash kHash = distribute::key_hash();

using distribute::Packet;
using distribute::Spread;
using Packets = std::span<const Packet *const>;

/// Where the policy looks into tunnels, UDP may be one.
uint64_t plain_protocol(const Spread &spread) {
    return spread.policy.inner ? LAGG_TCP : LAGG_UDP;
}

/// A frame that is not plain is read into a key. True for a slow-protocol frame.
[[gnu::noinline]] bool fill_any(const Packet &packet, const Spread &spread, lagg_flow &flow) {
    if (frame::is_slow_protocol(packet.bytes())) return true;
    fill(distribute::key_of(packet.bytes(), spread.policy), packet.packet_octets, flow);
    return false;
}

/// For a policy that reads the hash. It is made of the key, so that the key is read for every
/// frame.
bool with_hash(const Program &program, const Spread &spread, lagg_flow &flow, Packets packets,
               uint16_t *buckets) {
    const uint64_t other_protocol = plain_protocol(spread);
    bool slow = false;
    for (const Packet *packet : packets) {
        if (frame::is_slow_protocol(packet->bytes())) [[unlikely]] {
            *buckets++ = distribute::kSlowBucket;
            slow = true;
            continue;
        }
        const frame::FlowKey key = distribute::key_of(packet->bytes(), spread.policy);
        if (!fill_plain(*packet, other_protocol, flow)) [[unlikely]]
            fill(key, packet->packet_octets, flow);
        flow.hash = kHash(spread.hash, key);
        *buckets++ = bucket_of(program.run(flow));
    }
    return slow;
}

bool without_hash(const Program &program, const Spread &spread, lagg_flow &flow, Packets packets,
                  uint16_t *buckets) {
    const uint64_t other_protocol = plain_protocol(spread);
    bool slow = false;
    for (const Packet *packet : packets) {
        if (!fill_plain(*packet, other_protocol, flow) && fill_any(*packet, spread, flow))
            [[unlikely]] {
            *buckets++ = distribute::kSlowBucket;
            slow = true;
            continue;
        }
        *buckets++ = bucket_of(program.run(flow));
    }
    return slow;
}

} // namespace

bool buckets_by_program(const ProgramRun &run, const Spread &spread, Packets packets,
                        uint16_t *buckets) {
    run.memory.flow.now_us = run.now_us;
    const auto loop = run.program.reads().hash ? with_hash : without_hash;
    return loop(run.program, spread, run.memory.flow, packets, buckets);
}

} // namespace lagg::bpf
