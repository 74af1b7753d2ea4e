#include "dataplane/port/port.hh"

#include <fmt/format.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>

namespace lagg::port {

namespace {

constexpr uint16_t kDefaultDescriptors = 1024;
/// Ethernet header and two VLAN tags.
constexpr uint32_t kHeaderBytes = RTE_ETHER_HDR_LEN + 2 * 4;
/// What the kernel writes before a frame into a slot of net_af_packet's ring.
constexpr uint32_t kSlotHeaderBytes = TPACKET_ALIGN(TPACKET2_HDRLEN + 16) - RTE_ETHER_HDR_LEN;
constexpr uint32_t kDefaultSlotBytes = 2048;

bool has(const std::string &arguments, const std::string &key) {
    return !argument(arguments, key).empty();
}

void append(std::string &arguments, const std::string &more) {
    if (!arguments.empty()) arguments += ',';
    arguments += more;
}

/// Arguments an operator should not have to know: net_af_packet takes frames of at most 2 KB unless
/// its ring has larger slots, and a slot must not be larger than our buffers.
std::string complete_arguments(const OpenOptions &options) {
    std::string arguments = options.device.arguments;
    if (options.device.driver == "net_af_packet") {
        if (!has(arguments, "framesz") && !has(arguments, "blocksz"))
            append(arguments, fmt::format("blocksz={},framesz={}", 4 * kBufferBytes, kBufferBytes));
        if (!has(arguments, "qpairs") && options.queues > 1)
            append(arguments, fmt::format("qpairs={}", options.queues));
    }
    return arguments;
}

/// Octets of a slot of net_af_packet's ring; 0 for other drivers.
uint32_t slot_bytes(const Device &device, const std::string &arguments) {
    if (device.driver != "net_af_packet") return 0;
    const std::string text = argument(arguments, "framesz");
    uint32_t bytes = kDefaultSlotBytes;
    std::from_chars(text.data(), text.data() + text.size(), bytes);
    return bytes;
}

/// Reads (SIOCGIFMTU) or sets (SIOCSIFMTU) the MTU of a kernel interface; 0 or a negative errno.
int interface_mtu(unsigned index, unsigned long operation, int &mtu) {
    ifreq request{};
    if (if_indextoname(index, request.ifr_name) == nullptr) return -errno;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    request.ifr_mtu = mtu;
    const int code = ioctl(fd, operation, &request) == 0 ? 0 : -errno;
    close(fd);
    mtu = request.ifr_mtu;
    return code;
}

uint64_t supported(uint64_t wanted, uint64_t capabilities) {
    return wanted & capabilities;
}

} // namespace

const char *to_text(LinkSource source) {
    switch (source) {
    case LinkSource::INTERRUPT: return "interrupt";
    case LinkSource::RTNETLINK: return "rtnetlink";
    case LinkSource::POLL: return "poll";
    }
    return "?";
}

Error Port::error(const std::string &what, int code) const {
    return Error{fmt::format("port {}: {}: {}", name_, what, rte_strerror(std::abs(code)))};
}

Result<std::unique_ptr<Port>> Port::open(const OpenOptions &options, const PacketPool &pool) {
    std::unique_ptr<Port> port(new Port);
    port->name_ = options.name;
    port->bus_ = options.device.pci ? "pci" : "vdev";
    port->bus_name_ = options.device.name;
    port->promiscuous_ = options.promiscuous;
    port->xdp_ = options.device.driver == "net_af_xdp";
    if (rte_eth_dev_get_port_by_name(options.device.name.c_str(), &port->device_) == 0) {
        port->adopted_ = true;
    } else {
        if (Result<void> there = check_device(options.device); !there)
            return Error{fmt::format("port {}: {}", options.name, there.error().message)};
        const std::string arguments = complete_arguments(options);
        port->slot_bytes_ = slot_bytes(options.device, arguments);
        const int code =
            rte_eal_hotplug_add(port->bus_.c_str(), options.device.name.c_str(), arguments.c_str());
        if (code < 0)
            return Error{fmt::format("port {}: DPDK cannot open device '{}{}{}': {}", options.name,
                                     options.device.name, arguments.empty() ? "" : ",", arguments,
                                     rte_strerror(-code))};
        if (rte_eth_dev_get_port_by_name(options.device.name.c_str(), &port->device_) != 0) {
            rte_eal_hotplug_remove(port->bus_.c_str(), port->bus_name_.c_str());
            return Error{fmt::format("port {}: device '{}' is no Ethernet device", options.name,
                                     options.device.name)};
        }
    }
    if (Result<void> done = port->configure(options, pool); !done) return done.error();
    return port;
}

Result<void> Port::configure(const OpenOptions &options, const PacketPool &pool) {
    rte_eth_dev_info info{};
    if (int code = rte_eth_dev_info_get(device_, &info); code < 0)
        return error("cannot be asked what it is", code);
    driver_ = info.driver_name;
    interface_index_ = info.if_index;
    // net_af_packet opens as many sockets as its arguments say, and the kernel spreads frames over
    // all of them: none may go unread, also when there are fewer workers.
    const uint16_t wanted = slot_bytes_ != 0 ? info.max_rx_queues : options.queues;
    queues_ = std::max<uint16_t>(1, std::min({wanted, info.max_rx_queues, info.max_tx_queues}));

    // A kernel-backed driver reports a link that is always up; the kernel knows better.
    const bool interrupts = (*info.dev_flags & RTE_ETH_DEV_INTR_LSC) != 0;
    link_source_ = interface_index_ != 0 ? LinkSource::RTNETLINK
                   : interrupts          ? LinkSource::INTERRUPT
                                         : LinkSource::POLL;

    rte_eth_conf conf{};
    conf.intr_conf.lsc = link_source_ == LinkSource::INTERRUPT ? 1 : 0;
    conf.rxmode.mtu = 0;
    if (queues_ > 1 && info.flow_type_rss_offloads != 0) {
        conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
        conf.rx_adv_conf.rss_conf.rss_hf = supported(
            RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP, info.flow_type_rss_offloads);
    }
    if (int code = rte_eth_dev_configure(device_, queues_, queues_, &conf); code < 0)
        return error(fmt::format("does not take {} queues", queues_), code);

    uint16_t rx_descriptors = options.descriptors.value_or(kDefaultDescriptors);
    uint16_t tx_descriptors = rx_descriptors;
    if (int code = rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx_descriptors, &tx_descriptors);
        code < 0)
        return error(fmt::format("does not take {} descriptors a queue", rx_descriptors), code);
    rx_descriptors_ = rx_descriptors;
    if (xdp_ && pool.for_xdp() == nullptr)
        return Error{fmt::format(
            "port {}: there is no memory for the buffers of net_af_xdp; raise [daemon] memory_mb",
            name_)};
    rte_mempool *buffers = xdp_ ? pool.for_xdp() : pool.get();
    const auto socket = static_cast<unsigned>(std::max(0, rte_eth_dev_socket_id(device_)));
    for (uint16_t queue = 0; queue < queues_; ++queue) {
        if (int code =
                rte_eth_rx_queue_setup(device_, queue, rx_descriptors, socket, nullptr, buffers);
            code < 0)
            return error(fmt::format("receive queue {} cannot be set up", queue), code);
        if (int code = rte_eth_tx_queue_setup(device_, queue, tx_descriptors, socket, nullptr);
            code < 0)
            return error(fmt::format("transmit queue {} cannot be set up", queue), code);
    }
    rte_ether_addr address{};
    if (int code = rte_eth_macaddr_get(device_, &address); code < 0)
        return error("has no MAC address", code);
    std::memcpy(mac_.data(), address.addr_bytes, mac_.size());
    uint16_t present = 0;
    if (rte_eth_dev_get_mtu(device_, &present) == 0) mtu_ = present;
    if (slot_bytes_ != 0) interface_mtu(interface_index_, SIOCGIFMTU, found_mtu_);
    return set_mtu(options.mtu);
}

Result<void> Port::start() {
    if (int code = rte_eth_dev_start(device_); code < 0) return error("cannot be started", code);
    started_ = true;
    if (promiscuous_ && rte_eth_promiscuous_enable(device_) < 0)
        rte_eth_allmulticast_enable(device_);
    return {};
}

Result<void> Port::set_mtu(uint16_t mtu) {
    if (mtu == mtu_ && started_) return {};
    if (slot_bytes_ != 0 && mtu + kHeaderBytes + kSlotHeaderBytes > slot_bytes_)
        return Error{fmt::format(
            "port {}: MTU {} does not fit into its ring's slots of {} bytes; leave framesz and "
            "blocksz out of its device string, or raise them",
            name_, mtu, slot_bytes_)};
    if (xdp_ && mtu + kHeaderBytes > kXdpBufferBytes)
        return Error{fmt::format("port {}: MTU {} is too large for net_af_xdp, whose frames have "
                                 "to fit into a page; use "
                                 "net_af_packet, or an MTU of at most {}",
                                 name_, mtu, kXdpBufferBytes - kHeaderBytes)};
    // net_af_packet claims to take no frame above 1518 octets, whatever its ring holds, so that
    // ethdev refuses every larger MTU; the interface behind it is the one that decides.
    int wanted = mtu;
    const int code = slot_bytes_ != 0 ? interface_mtu(interface_index_, SIOCSIFMTU, wanted)
                                      : rte_eth_dev_set_mtu(device_, mtu);
    // Drivers of rings and the like have no MTU of their own and pass what a buffer holds.
    if (code == -ENOTSUP && mtu + kHeaderBytes <= kBufferBytes) {
        mtu_ = mtu;
        return {};
    }
    if (code == -EBUSY)
        return Error{
            fmt::format("port {}: {} does not change its MTU while it runs; write MTU {} into the "
                        "configuration and restart laggd",
                        name_, driver_, mtu)};
    if (code < 0) return error(fmt::format("the device refuses MTU {}", mtu), code);
    mtu_ = mtu;
    return {};
}

Port::~Port() {
    if (device_ == kNoDevice) return;
    if (started_) {
        // The interface of a kernel-backed port stays, and would stay promiscuous.
        if (promiscuous_) rte_eth_promiscuous_disable(device_);
        rte_eth_dev_stop(device_);
    }
    // The interface goes back to its owner as it was.
    if (found_mtu_ > 0) interface_mtu(interface_index_, SIOCSIFMTU, found_mtu_);
    if (adopted_) return; // whoever made it takes it away
    rte_eth_dev_close(device_);
    rte_eal_hotplug_remove(bus_.c_str(), bus_name_.c_str());
}

void take_signals_from_net_tap() {
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    for (int signal = SIGRTMIN + 1; signal < SIGRTMAX; ++signal)
        sigaction(signal, &ignore, nullptr);
}

Link read_link(DeviceId device) {
    rte_eth_link link{};
    if (rte_eth_link_get_nowait(device, &link) < 0) return {};
    return Link{
        .up = link.link_status == RTE_ETH_LINK_UP,
        .full_duplex = link.link_duplex == RTE_ETH_LINK_FULL_DUPLEX,
        .speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
    };
}

} // namespace lagg::port
