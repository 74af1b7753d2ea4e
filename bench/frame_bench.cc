// Cost of reading a frame, by its shape. The plain shapes have a fast path of their own in
// front of the parser; what counts here is that the odd ones stay cheap as well.
// `tsc` is cycles of the time stamp counter a frame, in the best of all rounds: a shared machine
// disturbs the others.
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/frame_builder.hh"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace lagg::frame {
namespace {

using Frame = std::vector<uint8_t>;
using Parser = FlowKey (*)(std::span<const uint8_t>);

constexpr size_t kFrames = 256;
constexpr uint8_t kUdp = 17;
constexpr uint16_t kIpv4 = 0x0800, kIpv6 = 0x86dd;

uint64_t ticks() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return 0;
#endif
}

/// Frames of one shape: a burst is mostly of one kind, so the branches of it are learned.
void read_frames(benchmark::State &state, Parser parser, const Frame &shape) {
    std::mt19937 random(42);
    std::vector<Frame> frames(kFrames, shape);
    for (Frame &frame : frames)
        for (size_t i = 0; i < 12; i++)
            frame[i] = static_cast<uint8_t>(random());
    uint64_t best = std::numeric_limits<uint64_t>::max();
    for (auto _ : state) {
        const uint64_t begun = ticks();
        for (const Frame &frame : frames)
            benchmark::DoNotOptimize(parser(frame));
        best = std::min(best, ticks() - begun);
    }
    if (best != 0) state.counters["cycles_per_packet"] = static_cast<double>(best) / kFrames;
    state.counters["packets_per_second"] = benchmark::Counter(
        static_cast<double>(kFrames), benchmark::Counter::kIsIterationInvariantRate);
}

FrameBuilder eth() {
    return FrameBuilder().ethernet();
}
FrameBuilder ip4(const FrameBuilder::Ipv4 &ip) {
    return eth().type(kIpv4).ipv4(ip);
}
FrameBuilder ip6(uint8_t next_header) {
    return eth().type(kIpv6).ipv6(next_header);
}
FrameBuilder vxlan() {
    return ip4({.protocol = kUdp}).be16(50000).be16(4789).be32(0).be32(0x08000000).be32(0x500);
}

void add(const char *name, Parser parser, const Frame &shape) {
    benchmark::RegisterBenchmark(name, read_frames, parser, shape);
}

} // namespace
} // namespace lagg::frame

int main(int argc, char **argv) {
    using namespace lagg::frame;
    add("parse/ipv4", parse, ip4({}).ports(1, 2));
    add("parse/ipv4_options", parse, ip4({.option_words = 3}).ports(1, 2));
    add("parse/ipv4_fragment", parse, ip4({.fragment = 0x20b9}).ports(1, 2));
    add("parse/ipv6", parse, ip6(6).ports(1, 2));
    add("parse/ipv6_hop_by_hop", parse, ip6(0).extension(6).ports(1, 2));
    add("parse/ipv6_fragment", parse, ip6(44).fragment(kUdp, 1).ports(1, 2));
    add("parse/vlan_ipv4", parse, eth().tag(0x8100, 5).type(kIpv4).ipv4({}).ports(1, 2));
    add("parse/vlan_ipv6", parse, eth().tag(0x8100, 5).type(kIpv6).ipv6(6).ports(1, 2));
    add("parse/qinq_ipv4", parse,
        eth().tag(0x88a8, 5).tag(0x8100, 6).type(kIpv4).ipv4({}).ports(1, 2));
    add("parse/arp", parse, eth().type(0x0806).fill(28, 1));
    add("inner/ipv4", parse_inner, ip4({}).ports(1, 2));
    add("inner/vxlan_ipv4", parse_inner, vxlan().ethernet().type(kIpv4).ipv4({}).ports(1, 2));
    add("inner/gre_ipv6", parse_inner, ip4({.protocol = 47}).be32(kIpv6).ipv6(6).ports(1, 2));
    benchmark::Initialize(&argc, argv);
    benchmark::RunSpecifiedBenchmarks();
}
