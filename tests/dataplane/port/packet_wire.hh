// The other end of a cable: frames as an independent packet socket sends and sees them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lagg::port {

using Frame = std::vector<uint8_t>;

/// Limit of every wait in these tests; nothing takes long.
inline constexpr std::chrono::seconds kWaitLimit{10};

/// A frame to `last octet` of a local address, with its tags before an experimental ethertype, of
/// `length` octets in all. Octets behind the header count up from `number`.
Frame make_frame(uint32_t number, size_t length, const std::vector<uint16_t> &tag_types = {});
/// An IPv4 frame with UDP; `port` tells flows apart, `number` is its payload.
Frame make_udp(uint16_t port, uint32_t number);

class PacketWire {
  public:
    explicit PacketWire(const std::string &interface);
    ~PacketWire();
    PacketWire(const PacketWire &) = delete;
    PacketWire &operator=(const PacketWire &) = delete;

    /// Sends through the kernel's stack, as any program of the host.
    void send(const Frame &frame);
    /// The next frame that came in, with its outer tag where it was; waits for one up to the limit.
    std::optional<Frame> receive(std::chrono::milliseconds limit = kWaitLimit);

  private:
    int socket_ = -1;
};

} // namespace lagg::port
