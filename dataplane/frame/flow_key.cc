// What every frame goes through, with the exception of those that are read where they lie because
// they have the plainest shape. The layers are in layers.hh, the tunnels in tunnel.cc.
#include "dataplane/frame/flow_key.hh"

#include "dataplane/frame/layers.hh"

namespace lagg::frame {

namespace {

constexpr uint16_t kTypeSlow = 0x8809;

} // namespace

FlowKey parse(std::span<const uint8_t> frame) {
    FlowKey key;
    const LinkPayload link = read_link(frame, key);
    if (holds_ip(link)) read_ip(link, key);
    return key;
}

bool is_slow_protocol(std::span<const uint8_t> frame) {
    return frame.size() >= kAddressesSize + 2 && load16(frame.data() + kAddressesSize) == kTypeSlow;
}

} // namespace lagg::frame
