// What every frame goes through, with the exception of those that are read where they lie because
// they have the plainest shape. The layers are in layers.hh, the tunnels in tunnel.cc.
#include "dataplane/frame/flow_key.hh"

#include "dataplane/frame/layers.hh"

namespace lagg::frame {

namespace {

constexpr uint16_t kTypeSlow = 0x8809;
constexpr uint16_t kTypeMacControl = 0x8808;
constexpr size_t kSubtype = kAddressesSize + 2;
constexpr uint8_t kOam = 3;
constexpr uint8_t kOssp = 10;
static_assert((kTypeMacControl | 1) == kTypeSlow);

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

bool is_tagged_slow_protocol(std::span<const uint8_t> frame) {
    if (frame.size() < kAddressesSize + kTagSize || !is_tag(load16(frame.data() + kAddressesSize)))
        return false;
    FlowKey key;
    read_link(frame, key);
    return key.ethertype == kTypeSlow;
}

bool stays_on_link(std::span<const uint8_t> frame) {
    return frame.size() >= kAddressesSize + 2 &&
           (load16(frame.data() + kAddressesSize) | 1) == kTypeSlow;
}

LinkFrame link_frame(std::span<const uint8_t> frame) {
    if (!stays_on_link(frame)) return LinkFrame::NONE;
    if (load16(frame.data() + kAddressesSize) == kTypeMacControl) return LinkFrame::MAC_CONTROL;
    if (frame.size() <= kSubtype) return LinkFrame::SLOW;
    if (frame[kSubtype] == kOam) return LinkFrame::OAM;
    return frame[kSubtype] == kOssp ? LinkFrame::ESMC : LinkFrame::SLOW;
}

} // namespace lagg::frame
