// Any bytes as a frame. Nothing outside is read, what follows a frame does not change its key, a
// frame cut off has a part of the key of the whole, and both parsers agree on what is outside of a
// tunnel.
#include "dataplane/frame/flow_key.hh"

#include "tests/dataplane/frame/checks.hh"
#include "tests/fuzz/require.hh"

#include <vector>

namespace lagg::frame {
namespace {

using fuzz::require;
using Bytes = std::span<const uint8_t>;

constexpr uint8_t kIpv4Inside = 4, kUdp = 17, kIpv6Inside = 41, kGre = 47, kMplsInside = 137;

/// Whether a packet may have an inside that differs from its outside.
bool may_be_tunnel(const FlowKey &key) {
    if (key.ip_version == 0)
        return key.ethertype == 0x8847 || key.ethertype == 0x8848 || key.ethertype == 0x8864 ||
               key.ethertype == 0x6558;
    if (key.protocol == kUdp) {
        const uint16_t port = key.destination_port;
        return port == 4789 || port == 8472 || port == 6081 || port == 2152 || port == 6635;
    }
    return key.protocol == kIpv4Inside || key.protocol == kIpv6Inside || key.protocol == kGre ||
           key.protocol == kMplsInside;
}

void check_inner(const FlowKey &outer, const FlowKey &inner) {
    require(is_coherent(inner), "what does not apply is zero inside as well");
    require(same_link(outer, inner), "a tunnel's frame keeps its own addresses and tags");
    require(outer.ip_version == 0 || inner.ip_version != 0, "IP is not lost by looking inside");
    require(inner == outer || may_be_tunnel(outer), "what is no tunnel has one key");
}

/// Nothing behind the ports is looked at, unless a tunnel may be there.
void check_trailing(Bytes frame, const FlowKey &outer, const FlowKey &inner) {
    std::vector<uint8_t> longer(frame.begin(), frame.end());
    longer.insert(longer.end(), 24, 0x45);
    require(is_part_of(outer, parse(longer)), "more octets take nothing away");
    if (!outer.has_ports) return;
    require(parse(longer) == outer, "what follows the ports is no part of the key");
    if (inner.has_ports && !may_be_tunnel(inner))
        require(parse_inner(longer) == inner, "what follows the inner ports is no part of the key");
}

void check_cut(Bytes frame, const FlowKey &outer) {
    for (size_t size = 0; size < frame.size() && size <= 160; size += 1 + size / 16) {
        const FlowKey cut = exactly(parse, frame.data(), size);
        const FlowKey cut_inner = exactly(parse_inner, frame.data(), size);
        require(is_part_of(cut, outer), "a frame cut off has a part of the whole key");
        check_inner(cut, cut_inner);
    }
}

void check(Bytes frame) {
    const FlowKey outer = parse(frame), inner = parse_inner(frame);
    require(is_coherent(outer), "what does not apply is zero");
    require(!is_slow_protocol(frame) || outer.ethertype == 0x8809, "slow protocols have one type");
    check_inner(outer, inner);
    check_trailing(frame, outer, inner);
    check_cut(frame, outer);
}

} // namespace
} // namespace lagg::frame

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lagg::frame::check({data, size});
    return 0;
}
