// A lower port: an ethdev and what is peculiar to its kind.
//
// Every call but those of its watch may block for as long as the device likes, so they belong to
// the control thread.
#pragma once

#include "dataplane/base/mac_address.hh"
#include "dataplane/base/result.hh"
#include "dataplane/port/device.hh"
#include "dataplane/port/nic_setup.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/port/xdp_sockets.hh"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lagg::port {

class LinkEvents;
class LinkWatch;
class PacketSocket;
class Promiscuity;
class SlowQueue;

/// An ethdev's number. Not to be mistaken for a LACP port number.
using DeviceId = uint16_t;
inline constexpr DeviceId kNoDevice = 0xffff;

/// Where the truth about a port's link comes from.
enum class LinkSource {
    RTNETLINK, ///< the kernel interface behind it tells
    DRIVER,    ///< the driver is asked, often and whenever the device tells of a change
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
    /// Hears of changes of the link, which is watched from start() on. Without it nobody watches.
    std::shared_ptr<LinkEvents> events;
    /// All frames sent come from `pool` and have one owner.
    bool one_pool = false;
    /// Slow-protocol frames get a receive queue of their own where the driver can do that.
    bool slow_queue = false;
};

/// How a port gets frames that are not for its own address, in words for an operator. Empty: it
/// does not, and frames are lost.
struct Hearing {
    std::string lagg; ///< frames for the lagg's address
    std::string slow; ///< frames for the group of slow protocols
    bool operator==(const Hearing &) const = default;
};

class Port {
  public:
    /// Probes, configures and sets the MTU; does not start. A device that is there already (made by
    /// this process) is adopted by its name.
    static Result<std::unique_ptr<Port>> open(const OpenOptions &options, const PacketPool &pool);
    /// Stops, closes and detaches the device. Takes as long as the driver takes, which for a device
    /// that is gone can be minutes.
    ~Port();
    Port(const Port &) = delete;
    Port &operator=(const Port &) = delete;

    /// Takes frames for any address: a lagg answers for one MAC address on all of its ports, hears
    /// the slow-protocol group, and may have a bridge behind it.
    Result<void> start();
    /// As start(), for a device that was started before; tries a few times, for half a second,
    /// since some are slow to come back from a reset while they have no link.
    Result<void> start_again();
    /// No worker may use the device. It can be started again, and nothing that waited in its queues
    /// is left in them then.
    Result<void> stop();
    /// Nothing that waits in the transmit queues will be sent. No worker may use the device. True
    /// when it had to be restarted for that.
    Result<bool> empty_queues();
    /// On failure the device keeps the MTU it had. A device for which restarts_for_mtu() holds has
    /// to be stopped.
    Result<void> set_mtu(uint16_t mtu);
    /// Buffers and the way frames are received are chosen when the device starts, and drivers that
    /// change the MTU of one that runs stop it under the workers.
    bool restarts_for_mtu() const { return pci_; }
    /// Frames of other pools are sent from now on as well. The device has to be stopped.
    Result<void> take_other_pools();
    bool has_one_pool() const { return one_pool_; }
    /// Its driver gives buffers back without a look, so that all it sends has to come from the
    /// packet pool.
    bool frees_fast() const { return frees_fast_; }
    /// Sees to it that frames for the lagg's address come in.
    const Hearing &hear(const MacAddress &lagg);

    const std::string &name() const { return name_; }
    DeviceId device() const { return device_; }
    /// Its name in DPDK: the PCI address, or the vdev's name.
    const std::string &device_name() const { return bus_name_; }
    const std::string &driver() const { return driver_; }
    /// Queues for data: all of those to send on, and as many to receive from.
    uint16_t queues() const { return queues_; }
    /// There is one more to receive from, for slow protocols. The same from start() on.
    bool has_slow_queue() const { return leading_ != DataLeading::NONE; }
    /// Why slow protocols have no queue of their own, of a driver that said it could; else empty.
    const std::string &slow_queue_problem() const { return slow_queue_problem_; }
    /// Frames that a receive queue can hold.
    uint16_t rx_descriptors() const { return rx_descriptors_; }
    uint16_t mtu() const { return mtu_; }
    /// The device's own, whatever it listens to besides.
    const MacAddress &mac() const { return mac_; }
    LinkSource link_source() const { return link_source_; }
    /// Null while the device is stopped, and where rtnetlink tells.
    const std::shared_ptr<LinkWatch> &watch() const { return watch_; }
    /// Index of the kernel interface behind the port, 0 without one.
    unsigned interface_index() const { return interface_index_; }
    /// Null unless the port's driver is net_af_packet.
    const PacketSocket *packet_socket() const { return packets_.get(); }
    bool is_pci() const { return pci_; }
    /// Abilities of the device that are in use, in words.
    const std::vector<std::string> &features() const { return features_; }

  private:
    Port() = default;
    Result<void> probe(const OpenOptions &options);
    Result<void> open_packet_socket(const OpenOptions &options);
    Result<void> configure();
    Result<void> set_up_queues();
    Result<void> set_up_each_queue();
    Result<void> set_up_queue(uint16_t queue, uint16_t rx_descriptors, uint16_t tx_descriptors,
                              rte_mempool *buffers);
    Result<void> want_slow_queue();
    Result<void> start_device();
    Result<void> make_slow_queue();
    Result<void> apply_mtu(uint16_t mtu);
    std::string hear_address(const MacAddress &lagg);
    std::string hear_slow_protocols();
    bool become_promiscuous();
    void end_promiscuity();
    bool takes_interface() const { return packets_ != nullptr || xdp_; }
    void give_mac_back();
    void describe_bursts();
    Error error(const std::string &what, int code) const;

    std::string name_;
    DeviceId device_ = kNoDevice;
    std::string driver_;
    std::string bus_;
    std::string bus_name_;
    std::shared_ptr<LinkEvents> events_;
    const PacketPool *pool_ = nullptr;
    bool pci_ = false;
    bool adopted_ = false;
    bool started_ = false;
    bool promiscuous_ = false;
    std::unique_ptr<Promiscuity> promiscuity_; ///< of net_af_xdp's interface
    bool xdp_ = false;
    std::vector<XdpSocket> xdp_sockets_;
    bool one_pool_ = false;
    bool frees_fast_ = false;
    uint16_t wanted_queues_ = 1;
    std::optional<uint16_t> wanted_descriptors_;
    uint16_t queues_ = 1;
    bool slow_queue_wanted_ = false;
    DataLeading leading_ = DataLeading::NONE;
    std::unique_ptr<SlowQueue> slow_queue_; ///< null while the device is stopped
    std::string slow_queue_problem_;
    bool was_started_ = false; ///< ever; its queues stay as many from then on
    uint16_t rx_descriptors_ = 0;
    uint16_t mtu_ = 1500;
    int found_mtu_ = 0; ///< of the interface whose frames are taken, when it was opened
    std::unique_ptr<PacketSocket> packets_; ///< of net_af_packet; null with any other driver
    MacAddress mac_{};
    std::optional<MacAddress> added_mac_; ///< that the device listens to besides its own
    bool replaced_mac_ = false;           ///< the device has the lagg's instead of its own
    Hearing hearing_;
    LinkSource link_source_ = LinkSource::DRIVER;
    unsigned interface_index_ = 0;
    std::vector<std::string> features_;
    std::shared_ptr<LinkWatch> watch_;
};

/// To be called once before the first port is opened, and before other threads are made. net_tap
/// asks the kernel for a real-time signal with every frame and looks at a queue only after one
/// came. At a high frame rate that is an interrupted thread for every frame, so the signals are
/// taken from it; it then looks at its queues whenever it is polled.
void take_signals_from_net_tap();

/// What the device says of its link now; does not wait for a link to come up.
Link read_link(DeviceId device);

} // namespace lagg::port
