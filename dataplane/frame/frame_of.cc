#include "dataplane/frame/frame_of.hh"

#include "dataplane/frame/layers.hh"

#include <algorithm>
#include <span>
#include <utility>

namespace lagg::frame {

namespace {

constexpr size_t kSmallestFrame = 60; ///< without FCS
constexpr uint8_t kHops = 64;
constexpr size_t kTransportSize = 20; ///< of TCP, and room for all others

class Writer {
  public:
    Writer &octets(std::span<const uint8_t> some) {
        frame_.insert(frame_.end(), some.begin(), some.end());
        return *this;
    }
    Writer &octet(unsigned value) {
        frame_.push_back(static_cast<uint8_t>(value));
        return *this;
    }
    Writer &be16(uint32_t value) { return octet(value >> 8).octet(value); }
    Writer &be32(uint32_t value) { return be16(value >> 16).be16(value); }
    Writer &zeros(size_t count) {
        frame_.resize(frame_.size() + count);
        return *this;
    }
    /// Zeros at the end, up to `smallest` octets in all.
    std::vector<uint8_t> at_least(size_t smallest) && {
        frame_.resize(std::max(frame_.size(), smallest));
        return std::move(frame_);
    }

  private:
    std::vector<uint8_t> frame_;
};

bool can_have_ports(const FlowKey &key) {
    return key.protocol == kTcp || key.protocol == kUdp || key.protocol == kSctp;
}

/// Only of a fragment a header stays unread that would be.
bool is_fragment(const FlowKey &key) {
    return (can_have_ports(key) && !key.has_ports) || is_extension(key.protocol, key.ip_version);
}

/// What stands between IP and the transport: AH, whose SPI is the key's. ESP has its own.
bool has_authentication(const FlowKey &key) {
    return key.spi != 0 && key.protocol != kEncryption;
}

std::vector<uint8_t> transport_of(const FlowKey &key) {
    Writer to;
    if (key.protocol == kEncryption)
        to.be32(key.spi);
    else
        to.be16(key.source_port).be16(key.destination_port);
    if (key.protocol == kTcp) to.zeros(8).octet(5 << 4).zeros(7);
    if (key.protocol == kUdp) to.be16(kTransportSize);
    return std::move(to).at_least(kTransportSize);
}

/// The headers of extension that a key tells of, and the transport's.
std::vector<uint8_t> ip_payload_of(const FlowKey &key) {
    Writer to;
    if (is_fragment(key) && key.ip_version == 6) to.octet(key.protocol).octet(0).be16(1).zeros(4);
    if (has_authentication(key)) to.octet(key.protocol).octet(1).zeros(2).be32(key.spi).zeros(4);
    to.octets(transport_of(key));
    return std::move(to).at_least(0);
}

uint8_t first_header(const FlowKey &key) {
    if (is_fragment(key) && key.ip_version == 6) return kFragment;
    return has_authentication(key) ? uint8_t{kAuthentication} : key.protocol;
}

void write_ipv4(Writer &to, const FlowKey &key, const std::vector<uint8_t> &payload) {
    constexpr uint16_t kMoreFragments = 0x2000;
    to.octet(0x45).octet(0).be16(static_cast<uint32_t>(kIpv4Size + payload.size()));
    to.be16(0).be16(is_fragment(key) ? kMoreFragments : 0).octet(kHops).octet(first_header(key));
    to.be16(0).octets({key.source_ip.data(), 4}).octets({key.destination_ip.data(), 4});
}

void write_ipv6(Writer &to, const FlowKey &key, const std::vector<uint8_t> &payload) {
    to.be32(uint32_t{6} << 28 | key.flow_label).be16(static_cast<uint32_t>(payload.size()));
    to.octet(first_header(key)).octet(kHops).octets(key.source_ip).octets(key.destination_ip);
}

void write_link(Writer &to, const FlowKey &key) {
    constexpr uint16_t kTag = 0x8100, kServiceTag = 0x88a8;
    to.octets(key.destination_mac).octets(key.source_mac);
    if (key.outer_vlan != 0 || key.inner_vlan != 0)
        to.be16(key.inner_vlan != 0 ? kServiceTag : kTag).be16(key.outer_vlan);
    if (key.inner_vlan != 0) to.be16(kTag).be16(key.inner_vlan);
    to.be16(key.ethertype);
}

} // namespace

std::vector<uint8_t> frame_of(const FlowKey &key) {
    Writer to;
    write_link(to, key);
    if (key.ip_version != 0) {
        const std::vector<uint8_t> payload = ip_payload_of(key);
        if (key.ip_version == 4)
            write_ipv4(to, key, payload);
        else
            write_ipv6(to, key, payload);
        to.octets(payload);
    }
    return std::move(to).at_least(kSmallestFrame);
}

} // namespace lagg::frame
