// A lower port: an ethdev and what is peculiar to its kind.
//
// Every call but link() may block for as long as the device likes, so they belong to the control
// thread.
#pragma once

#include "dataplane/base/mac_address.hh"
#include "dataplane/base/result.hh"
#include "dataplane/port/device.hh"
#include "dataplane/port/packet_pool.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace lagg::port {

/// An ethdev's number. Not to be mistaken for a LACP port number.
using DeviceId = uint16_t;
inline constexpr DeviceId kNoDevice = 0xffff;

/// Where the truth about a port's link comes from.
enum class LinkSource {
    INTERRUPT, ///< the device tells
    RTNETLINK, ///< the kernel interface behind it tells
    POLL,      ///< somebody has to ask
};
const char *to_text(LinkSource source);

struct Link {
    bool up = false;
    bool full_duplex = true;
    uint32_t speed_mbps = 0; ///< 0 when unknown
    bool operator==(const Link &) const = default;
};

struct OpenOptions {
    std::string name; ///< the operator's name for the port
    Device device;
    uint16_t queues = 1; ///< receive and transmit queues wanted; fewer where the device has fewer
    std::optional<uint16_t> descriptors;
    uint16_t mtu = 1500;
    /// Takes frames for any address. A lagg answers for one MAC address on all of its ports, hears
    /// the slow-protocol group, and may have a bridge behind it.
    bool promiscuous = true;
};

class Port {
  public:
    /// Probes, configures and sets the MTU; does not start. A device that is there already (made by
    /// this process) is adopted by its name.
    static Result<std::unique_ptr<Port>> open(const OpenOptions &options, const PacketPool &pool);
    /// Stops, closes and detaches the device.
    ~Port();
    Port(const Port &) = delete;
    Port &operator=(const Port &) = delete;

    Result<void> start();
    /// On failure the device keeps the MTU it had.
    Result<void> set_mtu(uint16_t mtu);

    const std::string &name() const { return name_; }
    DeviceId device() const { return device_; }
    const std::string &driver() const { return driver_; }
    uint16_t queues() const { return queues_; }
    /// Frames that a receive queue can hold.
    uint16_t rx_descriptors() const { return rx_descriptors_; }
    uint16_t mtu() const { return mtu_; }
    const MacAddress &mac() const { return mac_; }
    LinkSource link_source() const { return link_source_; }
    /// Index of the kernel interface behind the port, 0 without one.
    unsigned interface_index() const { return interface_index_; }

  private:
    Port() = default;
    Result<void> configure(const OpenOptions &options, const PacketPool &pool);
    Error error(const std::string &what, int code) const;

    std::string name_;
    DeviceId device_ = kNoDevice;
    std::string driver_;
    std::string bus_;
    std::string bus_name_;
    bool adopted_ = false;
    bool started_ = false;
    bool promiscuous_ = true;
    bool xdp_ = false;
    uint16_t queues_ = 1;
    uint16_t rx_descriptors_ = 0;
    uint16_t mtu_ = 1500;
    int found_mtu_ = 0;       ///< of net_af_packet's interface when it was opened
    uint32_t slot_bytes_ = 0; ///< of net_af_packet's ring; 0 with any other driver
    MacAddress mac_{};
    LinkSource link_source_ = LinkSource::POLL;
    unsigned interface_index_ = 0;
};

/// To be called once before the first port is opened, and before other threads are made. net_tap
/// asks the kernel for a real-time signal with every frame and looks at a queue only after one
/// came. At a high frame rate that is an interrupted thread for every frame, so the signals are
/// taken from it; it then looks at its queues whenever it is polled.
void take_signals_from_net_tap();

/// What the device says of its link now; does not wait for a link to come up.
Link read_link(DeviceId device);

} // namespace lagg::port
