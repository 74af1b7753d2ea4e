// What it costs to find a packet's member: the hash of a key that is read already, and a whole
// burst of 32 frames with parsing and lookup. Times are per packet (items_per_second is packets).
#include "dataplane/distribute/spread.hh"
#include "dataplane/frame/flow_key.hh"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace lagg::distribute {
namespace {

constexpr size_t kBurst = 32;
constexpr size_t kBursts = 64; // enough flows that no branch predictor learns them by heart
constexpr Policy kL23{.fields = kLayer2 | kLayer3, .seed = 1};
constexpr Policy kL34{.fields = kLayer3 | kLayer4, .seed = 1};

using Frame = std::array<uint8_t, 64>;

/// TCP between random addresses and ports; the fixed seed makes all runs see the same frames.
Frame random_frame(std::mt19937 &random, bool ipv6, bool tagged) {
    Frame frame{};
    std::generate(frame.begin(), frame.end(), [&] { return static_cast<uint8_t>(random()); });
    size_t at = 12;
    const auto put = [&](std::initializer_list<uint8_t> octets) {
        std::copy(octets.begin(), octets.end(), frame.data() + at);
        at += octets.size();
    };
    if (tagged) put({0x81, 0x00, 0x00, 0x05});
    if (ipv6)
        put({0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64});
    else
        put({0x08, 0x00, 0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6});
    return frame;
}

std::vector<Frame> random_frames(bool ipv6, bool tagged) {
    std::mt19937 random(42);
    std::vector<Frame> frames(kBurst * kBursts);
    for (Frame &frame : frames)
        frame = random_frame(random, ipv6, tagged);
    return frames;
}

void hash_keys(benchmark::State &state, const Policy &policy, bool ipv6) {
    std::vector<frame::FlowKey> keys;
    for (const Frame &one : random_frames(ipv6, false))
        keys.push_back(frame::parse(one));
    for (auto _ : state)
        for (const frame::FlowKey &key : keys)
            benchmark::DoNotOptimize(flow_hash(key, policy));
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(keys.size()));
}

void spread_bursts(benchmark::State &state, const Policy &policy, bool ipv6, bool tagged) {
    const std::vector<Frame> frames = random_frames(ipv6, tagged);
    std::vector<FrameView> views;
    for (const Frame &one : frames)
        views.push_back({one.data(), static_cast<uint32_t>(one.size())});
    const std::array<uint32_t, 4> weights{1, 1, 1, 1};
    Spread spread;
    spread.table = build(BucketTable::empty(), weights);
    spread.policy = policy;
    spread.hash = FlowHash(policy);
    Cursor cursor;
    std::array<uint8_t, kBurst> members;
    size_t burst = 0;
    for (auto _ : state) {
        spread_by_hash(spread, cursor, std::span(views).subspan(burst * kBurst, kBurst),
                       members.data());
        benchmark::DoNotOptimize(members);
        burst = burst + 1 == kBursts ? 0 : burst + 1;
    }
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBurst));
}

void build_after_loss(benchmark::State &state) {
    std::vector<uint32_t> weights(static_cast<size_t>(state.range(0)), 1);
    const BucketTable before = build(BucketTable::empty(), weights);
    weights[0] = 0;
    for (auto _ : state)
        benchmark::DoNotOptimize(build(before, weights));
}

BENCHMARK_CAPTURE(hash_keys, ipv4_l23, kL23, false);
BENCHMARK_CAPTURE(hash_keys, ipv4_l34, kL34, false);
BENCHMARK_CAPTURE(hash_keys, ipv6_l34, kL34, true);
BENCHMARK_CAPTURE(spread_bursts, ipv4_l23, kL23, false, false);
BENCHMARK_CAPTURE(spread_bursts, ipv4_l34, kL34, false, false);
BENCHMARK_CAPTURE(spread_bursts, ipv4_vlan_l34, kL34, false, true);
BENCHMARK_CAPTURE(spread_bursts, ipv6_l34, kL34, true, false);
BENCHMARK(build_after_loss)->Arg(2)->Arg(8)->Arg(32);

} // namespace
} // namespace lagg::distribute

BENCHMARK_MAIN();
