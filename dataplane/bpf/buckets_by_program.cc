#include "dataplane/bpf/buckets_by_program.hh"

#include <algorithm>

namespace lagg::bpf {

namespace {

using distribute::Packet;
using distribute::Spread;
using Packets = std::span<const Packet *const>;

/// Where the policy looks into tunnels, UDP may be one.
uint64_t plain_protocol(const Spread &spread) {
    return spread.policy.inner ? LAGG_TCP : LAGG_UDP;
}

/// A frame that is not plain is read into a key. True for a slow-protocol frame.
[[gnu::noinline]] bool fill_any(const Packet &packet, const Spread &spread, lagg_flow &flow) {
    if (frame::stays_on_link(packet.bytes())) return true;
    fill(distribute::key_of(packet.bytes(), spread.policy), packet.packet_octets, flow);
    return false;
}

/// Writes the bucket of one frame. True for a slow-protocol frame.
[[gnu::always_inline]] inline bool ask(const Program &program, const Packet &packet,
                                       uint64_t other_protocol, const Spread &spread,
                                       lagg_flow &flow, uint16_t *bucket) {
    if (!fill_plain(packet, other_protocol, flow) && fill_any(packet, spread, flow)) [[unlikely]] {
        *bucket = distribute::kSlowBucket;
        return true;
    }
    *bucket = bucket_of(program.run(flow));
    return false;
}

/// For a policy that reads the hash: that of many frames first, several at a time.
bool with_hash(const ProgramRun &run, const Spread &spread, Packets packets, uint16_t *buckets) {
    const uint64_t other_protocol = plain_protocol(spread);
    lagg_flow &flow = run.memory.flow;
    bool slow = false;
    while (!packets.empty()) {
        uint32_t hashes[distribute::kMostPackets];
        const Packets some = packets.first(std::min(packets.size(), distribute::kMostPackets));
        run.find_hashes(spread, some.data(), some.size(), hashes);
        for (size_t i = 0; i < some.size(); i++) {
            flow.hash = hashes[i];
            slow |= ask(run.program, *some[i], other_protocol, spread, flow, buckets++);
        }
        packets = packets.subspan(some.size());
    }
    return slow;
}

bool without_hash(const ProgramRun &run, const Spread &spread, Packets packets, uint16_t *buckets) {
    const uint64_t other_protocol = plain_protocol(spread);
    bool slow = false;
    for (const Packet *packet : packets)
        slow |= ask(run.program, *packet, other_protocol, spread, run.memory.flow, buckets++);
    return slow;
}

} // namespace

bool buckets_by_program(const ProgramRun &run, const Spread &spread, Packets packets,
                        uint16_t *buckets) {
    run.memory.flow.now_us = run.now_us;
    const auto loop = run.program.reads().hash ? with_hash : without_hash;
    return loop(run, spread, packets, buckets);
}

} // namespace lagg::bpf
