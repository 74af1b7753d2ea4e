#include "control/aggregation/announcement.hh"

#include <array>
#include <cstddef>
#include <span>

namespace lagg::aggregation {

namespace {

using Frame = std::vector<uint8_t>;

constexpr MacAddress kBroadcast{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
constexpr MacAddress kAllNodesMac{0x33, 0x33, 0, 0, 0, 1};
constexpr std::array<uint8_t, 16> kAllNodes{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr size_t kShortestFrame = 60;
constexpr uint16_t kArp = 0x0806;
constexpr uint16_t kRarp = 0x8035;
constexpr uint16_t kIpv6 = 0x86dd;
constexpr uint8_t kIcmpv6 = 58;

void append(Frame &frame, std::span<const uint8_t> bytes) {
    frame.insert(frame.end(), bytes.begin(), bytes.end());
}

void append16(Frame &frame, uint16_t value) {
    frame.push_back(static_cast<uint8_t>(value >> 8));
    frame.push_back(static_cast<uint8_t>(value));
}

Frame ethernet(const MacAddress &destination, const MacAddress &source, uint16_t ethertype) {
    Frame frame;
    append(frame, destination);
    append(frame, source);
    append16(frame, ethertype);
    return frame;
}

/// ARP and RARP share their layout; both name the sender twice here.
Frame arp(uint16_t ethertype, uint16_t operation, const MacAddress &mac,
          std::span<const uint8_t> address, const MacAddress &target) {
    Frame frame = ethernet(kBroadcast, mac, ethertype);
    append16(frame, 1);      // Ethernet
    append16(frame, 0x0800); // IPv4
    frame.push_back(6);
    frame.push_back(4);
    append16(frame, operation);
    append(frame, mac);
    append(frame, address);
    append(frame, target);
    append(frame, address);
    frame.resize(kShortestFrame);
    return frame;
}

uint16_t checksum(std::span<const uint8_t> pseudo_header, std::span<const uint8_t> message) {
    uint32_t sum = 0;
    for (const std::span<const uint8_t> part : {pseudo_header, message})
        for (size_t i = 0; i + 1 < part.size(); i += 2)
            sum += static_cast<uint32_t>(part[i] << 8 | part[i + 1]);
    while ((sum >> 16) != 0)
        sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum);
}

Frame neighbor_advertisement(const MacAddress &mac, const std::array<uint8_t, 16> &address) {
    Frame message{136, 0, 0, 0, 0x20, 0, 0, 0}; // type, code, checksum, Override
    append(message, address);
    message.push_back(2); // option: target link-layer address, in units of eight octets
    message.push_back(1);
    append(message, mac);

    Frame pseudo_header;
    append(pseudo_header, address);
    append(pseudo_header, kAllNodes);
    append16(pseudo_header, 0);
    append16(pseudo_header, static_cast<uint16_t>(message.size()));
    append16(pseudo_header, 0);
    append16(pseudo_header, kIcmpv6);
    const uint16_t sum = checksum(pseudo_header, message);
    message[2] = static_cast<uint8_t>(sum >> 8);
    message[3] = static_cast<uint8_t>(sum);

    Frame frame = ethernet(kAllNodesMac, mac, kIpv6);
    append(frame, std::array<uint8_t, 4>{0x60, 0, 0, 0});
    append16(frame, static_cast<uint16_t>(message.size()));
    frame.push_back(kIcmpv6);
    frame.push_back(255); // hop limit: proof that no router passed it on
    append(frame, address);
    append(frame, kAllNodes);
    append(frame, message);
    return frame;
}

} // namespace

std::vector<Frame> announcements(const MacAddress &mac, const std::vector<config::Alias> &aliases) {
    constexpr uint16_t kRequest = 1;
    constexpr uint16_t kReverseRequest = 3;
    std::vector<Frame> frames;
    for (const config::Alias &alias : aliases) {
        if (alias.v6)
            frames.push_back(neighbor_advertisement(mac, alias.address));
        else
            frames.push_back(
                arp(kArp, kRequest, mac, std::span(alias.address).first(4), MacAddress{}));
    }
    if (frames.empty())
        frames.push_back(arp(kRarp, kReverseRequest, mac, std::array<uint8_t, 4>{}, mac));
    return frames;
}

} // namespace lagg::aggregation
