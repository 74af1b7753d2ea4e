#include "dataplane/port/port.hh"

#include "dataplane/files/system_error.hh"
#include "dataplane/port/interface_settings.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/packet_socket.hh"
#include "dataplane/port/presence.hh"
#include "dataplane/port/promiscuity.hh"
#include "dataplane/port/slow_queue.hh"

#include <fmt/format.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>
#include <utility>

namespace lagg::port {

namespace {

constexpr uint16_t kDefaultDescriptors = 1024;

/// The lists of a bus are not guarded: devices come and go one at a time, whoever closes them.
std::mutex hotplug_mutex;

int add_device(const std::string &bus, const std::string &name, const std::string &arguments) {
    const std::lock_guard lock(hotplug_mutex);
    return rte_eal_hotplug_add(bus.c_str(), name.c_str(), arguments.c_str());
}

void remove_device(const std::string &bus, const std::string &name) {
    const std::lock_guard lock(hotplug_mutex);
    rte_eal_hotplug_remove(bus.c_str(), name.c_str());
}

/// Driver of the device whose bursts a packet socket replaces.
constexpr const char *kShellDriver = "net_null";
constexpr const char *kPacketDriver = "net_af_packet";
/// Among the features of a port, for an operator.
constexpr const char *kSlowQueueFeature = "LACPDUs have a receive queue of their own";

/// How long the kernel may take to let go of a queue after the socket on it was closed.
constexpr std::chrono::milliseconds kXdpCloseTime(200);
/// Only the control thread opens and closes ports of net_af_xdp.
std::chrono::steady_clock::time_point last_xdp_close;

} // namespace

const char *to_text(LinkSource source) {
    switch (source) {
    case LinkSource::RTNETLINK: return "rtnetlink";
    case LinkSource::DRIVER: return "driver";
    }
    return "?";
}

Error Port::error(const std::string &what, int code) const {
    // DPDK has numbers of its own besides.
    const std::string text =
        std::abs(code) == EMFILE ? reason_of(EMFILE) : rte_strerror(std::abs(code));
    return Error{fmt::format("port {}: {}: {}", name_, what, text)};
}

// ---- opening -----------------------------------------------------------------------------------

Result<std::unique_ptr<Port>> Port::open(const OpenOptions &options, const PacketPool &pool) {
    std::unique_ptr<Port> port(new Port);
    port->name_ = options.name;
    port->pool_ = &pool;
    port->pci_ = options.device.pci;
    port->bus_ = options.device.pci ? "pci" : "vdev";
    port->bus_name_ = options.device.name;
    port->xdp_ = options.device.driver == "net_af_xdp";
    port->events_ = options.events;
    port->one_pool_ = options.one_pool;
    port->wanted_queues_ = options.queues;
    port->wanted_descriptors_ = options.descriptors;
    port->mtu_ = options.mtu;
    if (Result<void> done = port->probe(options); !done) return done.error();
    if (Result<void> done = port->configure(); !done) return done.error();
    if (options.slow_queue)
        if (Result<void> done = port->want_slow_queue(); !done) return done.error();
    rte_ether_addr address{};
    if (int code = rte_eth_macaddr_get(port->device_, &address); code < 0)
        return port->error("has no MAC address", code);
    std::memcpy(port->mac_.data(), address.addr_bytes, port->mac_.size());
    if (port->packets_ != nullptr) port->mac_ = port->packets_->mac();
    return port;
}

Result<void> Port::probe(const OpenOptions &options) {
    if (rte_eth_dev_get_port_by_name(options.device.name.c_str(), &device_) == 0) {
        adopted_ = true;
        return {};
    }
    if (Result<void> there = check_device(options.device); !there)
        return Error{fmt::format("port {}: {}", options.name, there.error().message)};
    if (xdp_) std::this_thread::sleep_until(last_xdp_close + kXdpCloseTime);
    std::string arguments = options.device.arguments;
    if (options.device.driver == kPacketDriver) {
        if (Result<void> done = open_packet_socket(options); !done) return done;
        bus_name_ = fmt::format("{}_{}", kShellDriver, options.device.name);
        arguments.clear();
    }
    const int code = add_device(bus_, bus_name_, arguments);
    if (code < 0)
        return Error{fmt::format("port {}: DPDK cannot open device '{}{}{}': {}", options.name,
                                 bus_name_, arguments.empty() ? "" : ",", arguments,
                                 rte_strerror(-code))};
    if (rte_eth_dev_get_port_by_name(bus_name_.c_str(), &device_) != 0) {
        device_ = kNoDevice;
        remove_device(bus_, bus_name_);
        return Error{
            fmt::format("port {}: device '{}' is no Ethernet device", options.name, bus_name_)};
    }
    return {};
}

Result<void> Port::open_packet_socket(const OpenOptions &options) {
    const Result<PacketOptions> wanted =
        parse_packet_options(options.device.arguments, options.queues, options.descriptors);
    if (!wanted) return Error{fmt::format("port {}: {}", name_, wanted.error().message)};
    Result<std::unique_ptr<PacketSocket>> socket = PacketSocket::open(*wanted, pool_->get());
    if (!socket) return Error{fmt::format("port {}: {}", name_, socket.error().message)};
    packets_ = *std::move(socket);
    return {};
}

/// Everything that can be chosen only while the device is stopped, for the MTU in mtu_.
Result<void> Port::configure() {
    rte_eth_dev_info info{};
    if (int code = rte_eth_dev_info_get(device_, &info); code < 0)
        return error("cannot be asked what it is", code);
    driver_ = packets_ != nullptr ? kPacketDriver : info.driver_name;
    interface_index_ = packets_ != nullptr ? packets_->interface_index() : info.if_index;
    // A kernel-backed driver reports a link that is always up; the kernel knows better.
    link_source_ = interface_index_ != 0 ? LinkSource::RTNETLINK : LinkSource::DRIVER;
    if (pci_ && info.max_mtu != 0 && mtu_ > info.max_mtu)
        return Error{fmt::format("port {}: {} takes an MTU of at most {}, and {} is wanted", name_,
                                 driver_, info.max_mtu, mtu_)};
    // The kernel spreads frames over all sockets of a port: none may go unread, also when there are
    // fewer workers.
    NicSetup setup =
        plan_setup(info, {.queues = packets_ != nullptr ? packets_->queues() : wanted_queues_,
                          .mtu = mtu_,
                          .one_pool = one_pool_,
                          .slow_queue = slow_queue_wanted_});
    queues_ = setup.queues;
    leading_ = setup.leading;
    features_ = setup.features;
    frees_fast_ = (setup.conf.txmode.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
    if (pci_) setup.conf.rxmode.mtu = mtu_;
    // As many to send on as to receive from, which some drivers insist on.
    const auto queues = static_cast<uint16_t>(queues_ + (has_slow_queue() ? 1 : 0));
    if (int code = rte_eth_dev_configure(device_, queues, queues, &setup.conf); code < 0)
        return error(fmt::format("does not take {} queues", queues), code);
    if (Result<void> done = set_up_queues(); !done) return done;
    if (takes_interface() && found_mtu_ == 0) read_interface_mtu(interface_index_, found_mtu_);
    return apply_mtu(mtu_);
}

Result<void> Port::set_up_queues() {
    if (!xdp_) return set_up_each_queue();
    const std::vector<XdpSocket> before = xdp_sockets();
    Result<void> done = set_up_each_queue();
    xdp_sockets_ = added(before, xdp_sockets());
    return done;
}

Result<void> Port::set_up_each_queue() {
    uint16_t rx_descriptors = wanted_descriptors_.value_or(kDefaultDescriptors);
    uint16_t tx_descriptors = rx_descriptors;
    if (int code = rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx_descriptors, &tx_descriptors);
        code < 0)
        return error(fmt::format("does not take {} descriptors a queue", rx_descriptors), code);
    rx_descriptors_ = packets_ != nullptr ? packets_->slots() : rx_descriptors;
    rte_mempool *buffers = xdp_ ? pool_->for_xdp(queues_) : pool_->get();
    if (buffers == nullptr)
        return Error{fmt::format(
            "port {}: there is no memory for the buffers of net_af_xdp, which keeps those of ports "
            "that were closed; raise [daemon] memory_mb, or restart laggd",
            name_)};
    for (uint16_t queue = 0; queue < queues_; ++queue)
        if (Result<void> done = set_up_queue(queue, rx_descriptors, tx_descriptors, buffers); !done)
            return done;
    if (!has_slow_queue()) return {};
    rx_descriptors = tx_descriptors = std::min(rx_descriptors, kSlowQueueFrames);
    rte_eth_dev_adjust_nb_rx_tx_desc(device_, &rx_descriptors, &tx_descriptors);
    return set_up_queue(queues_, rx_descriptors, tx_descriptors, buffers);
}

Result<void> Port::set_up_queue(uint16_t queue, uint16_t rx_descriptors, uint16_t tx_descriptors,
                                rte_mempool *buffers) {
    const auto socket = static_cast<unsigned>(std::max(0, rte_eth_dev_socket_id(device_)));
    if (int code = rte_eth_rx_queue_setup(device_, queue, rx_descriptors, socket, nullptr, buffers);
        code < 0)
        return error(fmt::format("receive queue {} cannot be set up", queue), code);
    if (int code = rte_eth_tx_queue_setup(device_, queue, tx_descriptors, socket, nullptr);
        code < 0)
        return error(fmt::format("transmit queue {} cannot be set up", queue), code);
    return {};
}

// ---- a queue for slow protocols ----------------------------------------------------------------

/// The driver can be asked once the device is configured. A device that does not take one queue
/// more is as it was.
Result<void> Port::want_slow_queue() {
    if (packets_ != nullptr || xdp_ || !can_lead_by_type(device_)) return {};
    slow_queue_wanted_ = true;
    Result<void> done = configure();
    if (done) return {};
    slow_queue_problem_ = done.error().message;
    slow_queue_wanted_ = false;
    return configure();
}

/// Workers poll the queue as long as the port is attached. So it goes only when its rules fail the
/// first time; later data may come by it as well.
Result<void> Port::make_slow_queue() {
    std::erase(features_, kSlowQueueFeature);
    if (!has_slow_queue()) return {};
    Result<std::unique_ptr<SlowQueue>> made = SlowQueue::make(device_, queues_, leading_);
    if (made) {
        slow_queue_ = *std::move(made);
        slow_queue_problem_.clear();
        features_.emplace_back(kSlowQueueFeature);
        return {};
    }
    slow_queue_problem_ = made.error().message;
    if (was_started_) return {};
    slow_queue_wanted_ = false;
    if (int code = rte_eth_dev_stop(device_); code < 0) return error("cannot be stopped", code);
    started_ = false;
    if (Result<void> done = configure(); !done) return done;
    return start_device();
}

// ---- running -----------------------------------------------------------------------------------

Result<void> Port::start_device() {
    if (int code = rte_eth_dev_start(device_); code < 0) return error("cannot be started", code);
    started_ = true;
    return {};
}

Result<void> Port::start() {
    if (Result<void> done = start_device(); !done) return done;
    if (Result<void> done = make_slow_queue(); !done) return done;
    was_started_ = true;
    if (packets_ != nullptr)
        if (Result<void> done = packets_->install(device_); !done)
            return Error{fmt::format("port {}: {}", name_, done.error().message)};
    promiscuous_ = become_promiscuous();
    hearing_.slow = hear_slow_protocols();
    describe_bursts();
    if (events_ != nullptr && link_source_ == LinkSource::DRIVER)
        watch_ = std::make_shared<LinkWatch>(device_, pci_ ? bus_name_ : "", events_);
    return {};
}

Result<void> Port::start_again() {
    constexpr int kAttempts = 5;
    constexpr std::chrono::milliseconds kPause(100);
    Result<void> done = start();
    for (int attempt = 1; attempt < kAttempts && !done; ++attempt) {
        std::this_thread::sleep_for(kPause);
        done = start();
    }
    return done;
}

Result<void> Port::stop() {
    watch_.reset();
    started_ = false;
    slow_queue_.reset();
    if (packets_ != nullptr) packets_->uninstall();
    if (int code = rte_eth_dev_stop(device_); code < 0) return error("cannot be stopped", code);
    return {};
}

Result<bool> Port::empty_queues() {
    if (packets_ != nullptr) return false; // it has none
    bool stopped = true;
    for (uint16_t queue = 0; queue < queues_ && stopped; ++queue)
        stopped = rte_eth_dev_tx_queue_stop(device_, queue) == 0;
    for (uint16_t queue = 0; queue < queues_ && stopped; ++queue)
        stopped = rte_eth_dev_tx_queue_start(device_, queue) == 0;
    if (stopped) return false;
    if (Result<void> done = stop(); !done) return done.error();
    if (Result<void> done = start_again(); !done) return done.error();
    return true;
}

/// How the driver moves frames, where it tells: a vector path is lost to some settings.
void Port::describe_bursts() {
    std::erase_if(features_, [](const std::string &feature) {
        return feature.starts_with("receives by ") || feature.starts_with("sends by ");
    });
    rte_eth_burst_mode mode{};
    if (rte_eth_rx_burst_mode_get(device_, 0, &mode) == 0 && mode.info[0] != '\0')
        features_.push_back(fmt::format("receives by {}", mode.info));
    mode = {};
    if (rte_eth_tx_burst_mode_get(device_, 0, &mode) == 0 && mode.info[0] != '\0')
        features_.push_back(fmt::format("sends by {}", mode.info));
}

// ---- MTU ---------------------------------------------------------------------------------------

Result<void> Port::set_mtu(uint16_t mtu) {
    if (mtu == mtu_) return {};
    if (!restarts_for_mtu()) return apply_mtu(mtu);
    assert(!started_);
    const uint16_t before = std::exchange(mtu_, mtu);
    Result<void> done = configure();
    if (!done) {
        mtu_ = before;
        // The old value was good once; if it is no longer, start() says so.
        static_cast<void>(configure());
    }
    return done;
}

Result<void> Port::apply_mtu(uint16_t mtu) {
    if (packets_ != nullptr && mtu + kHeaderBytes + packet_slot_header() > packets_->slot_bytes())
        return Error{fmt::format("port {}: MTU {} does not fit into its ring's slots of {} bytes; "
                                 "leave framesz out of its "
                                 "device string, or raise it",
                                 name_, mtu, packets_->slot_bytes())};
    if (xdp_ && mtu + kHeaderBytes > kXdpBufferBytes)
        return Error{fmt::format("port {}: MTU {} is too large for net_af_xdp, whose frames have "
                                 "to fit into a page; use "
                                 "net_af_packet, or an MTU of at most {}",
                                 name_, mtu, kXdpBufferBytes - kHeaderBytes)};
    // The driver knows an interface by the name it had.
    const int code = takes_interface() ? set_interface_mtu(interface_index_, mtu)
                                       : rte_eth_dev_set_mtu(device_, mtu);
    // Drivers of rings and the like have no MTU of their own and pass what a buffer holds.
    if (code < 0 && (code != -ENOTSUP || mtu + kHeaderBytes > kBufferBytes))
        return error(fmt::format("the device refuses MTU {}", mtu), code);
    mtu_ = mtu;
    return {};
}

Result<void> Port::take_other_pools() {
    assert(!started_);
    one_pool_ = false;
    return configure();
}

// ---- addresses ---------------------------------------------------------------------------------

const Hearing &Port::hear(const MacAddress &lagg) {
    hearing_.lagg = hear_address(lagg);
    return hearing_;
}

// A promiscuous port hears everything, but not every device that says it is promiscuous is: a
// virtual function is at its host's mercy, and a macvlan takes frames for its own address alone.
// So the device is given the address as well where it can have more than one.
std::string Port::hear_address(const MacAddress &lagg) {
    if (lagg == mac_) {
        give_mac_back();
        return "own address";
    }
    if (added_mac_ == lagg) return "address added";
    if (replaced_mac_ && interface_index_ == 0) give_mac_back();
    rte_ether_addr address{};
    std::memcpy(address.addr_bytes, lagg.data(), lagg.size());
    if (added_mac_) {
        rte_ether_addr old{};
        std::memcpy(old.addr_bytes, added_mac_->data(), added_mac_->size());
        rte_eth_dev_mac_addr_remove(device_, &old);
        added_mac_.reset();
    }
    if (packets_ == nullptr && rte_eth_dev_mac_addr_add(device_, &address, 0) == 0) {
        added_mac_ = lagg;
        return "address added";
    }
    if (interface_index_ != 0 && interface_driver(interface_index_) == "macvlan") {
        if (set_interface_mac(interface_index_, lagg) != 0) return "";
        replaced_mac_ = true;
        return "address replaced";
    }
    if (promiscuous_) return "promiscuous";
    if (rte_eth_dev_default_mac_addr_set(device_, &address) != 0) return "";
    replaced_mac_ = true;
    return "address replaced";
}

std::string Port::hear_slow_protocols() {
    if (packets_ != nullptr) return "promiscuous"; // by its sockets; the shell says yes to anything
    rte_ether_addr group{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x02}}; // IEEE 802.3 annex 57A
    if (rte_eth_dev_set_mc_addr_list(device_, &group, 1) == 0) return "filter";
    if (rte_eth_allmulticast_enable(device_) == 0) return "all-multicast";
    return promiscuous_ ? "promiscuous" : "";
}

bool Port::become_promiscuous() {
    if (packets_ != nullptr) return true; // by its sockets
    if (!xdp_) return rte_eth_promiscuous_enable(device_) == 0;
    promiscuity_ = Promiscuity::of(interface_index_);
    return promiscuity_ != nullptr;
}

// The interface of a kernel-backed port stays, and would stay promiscuous.
void Port::end_promiscuity() {
    promiscuity_.reset();
    if (!takes_interface()) rte_eth_promiscuous_disable(device_);
}

void Port::give_mac_back() {
    if (!replaced_mac_) return;
    replaced_mac_ = false;
    if (interface_index_ != 0) {
        set_interface_mac(interface_index_, mac_);
        return;
    }
    rte_ether_addr address{};
    std::memcpy(address.addr_bytes, mac_.data(), mac_.size());
    rte_eth_dev_default_mac_addr_set(device_, &address);
}

// ---- closing -----------------------------------------------------------------------------------

Port::~Port() {
    if (device_ == kNoDevice) return;
    const bool gone = watch_ != nullptr && watch_->known().loss != Loss::NONE;
    watch_.reset();
    if (!gone) give_mac_back();
    if (started_) {
        slow_queue_.reset();
        if (!gone) end_promiscuity();
        if (packets_ != nullptr) packets_->uninstall();
        rte_eth_dev_stop(device_);
    }
    // The interface goes back to its owner as it was.
    if (found_mtu_ > 0) set_interface_mtu(interface_index_, found_mtu_);
    if (adopted_) return; // whoever made it takes it away
    rte_eth_dev_close(device_);
    if (xdp_) {
        close_left_over(xdp_sockets_);
        last_xdp_close = std::chrono::steady_clock::now();
    }
    remove_device(bus_, bus_name_);
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
