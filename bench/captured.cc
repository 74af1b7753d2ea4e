#include "bench/captured.hh"

#include "bench/traffic.hh"
#include "dataplane/frame/flow_key.hh"
#include "tests/dataplane/frame/capture.hh"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>

namespace lagg::bench {

namespace {

/// The fields by which layer3+4 tells flows apart.
using Flow =
    std::tuple<uint8_t, std::array<uint8_t, 16>, std::array<uint8_t, 16>, uint16_t, uint16_t>;

Flow flow_of(const std::vector<uint8_t> &frame) {
    const frame::FlowKey key = frame::parse(frame);
    return {key.protocol, key.source_ip, key.destination_ip, key.source_port, key.destination_port};
}

} // namespace

Captured read_captured(const std::string &path) {
    const std::string file = path.empty() ? CAPTURED_FRAMES : path;
    Captured captured;
    std::set<Flow> flows;
    for (std::vector<uint8_t> &frame : frame::read_capture(file)) {
        if (captured.frames.size() == kPackets) break;
        if (frame::is_slow_protocol(frame)) continue;
        frame.resize(std::min(frame.size(), kRoomForCaptured));
        flows.insert(flow_of(frame));
        captured.frames.push_back(std::move(frame));
    }
    if (captured.frames.empty()) {
        std::fprintf(stderr, "%s: there is no frame to send in it\n", file.c_str());
        std::exit(1);
    }
    captured.flows = static_cast<unsigned>(flows.size());
    return captured;
}

} // namespace lagg::bench
