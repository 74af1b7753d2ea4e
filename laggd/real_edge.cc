#include "laggd/real_edge.hh"

#include "dataplane/files/system_error.hh"
#include "dataplane/port/device.hh"
#include "dataplane/port/port.hh"
#include "laggd/checked_load.hh"
#include "laggd/kernel_upper.hh"
#include "laggd/logging.hh"
#include "laggd/plan.hh"
#include "laggd/running.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lagg::daemon {

namespace {

/// What DPDK complained of, where that says more than its error.
Result<void> explained(Result<void> done) {
    return done ? done : with_dpdk_reason(done.error());
}

class RealPort final : public OpenPort {
  public:
    RealPort(const std::string &name, port::Undertaker &undertaker)
        : name_(name), undertaker_(undertaker) {}

    // What is behind a kernel interface is closed at once, and the host gets its settings back
    // after that. Any other driver may have to give up on its device first.
    ~RealPort() override {
        if (port_ == nullptr) return;
        if (quieted_ != nullptr && !quieted_->is_there())
            spdlog::info("port {}: its interface is not in this network namespace any more; "
                         "nothing of it is put back",
                         name_);
        if (quieted_ == nullptr)
            undertaker_.take(std::move(port_));
        else
            port_.reset();
        spdlog::info("port {}: closed", name_);
    }

    /// Keeps others off the interface behind the device.
    Result<void> take_interface(const std::string &interface, kernel::Rtnetlink &netlink,
                                const std::string &state_directory) {
        const Result<unsigned> index = interface_index(interface);
        if (!index) return index.error();
        auto ownership = kernel::Ownership::take("port", interface, *index);
        if (!ownership) return ownership.error();
        ownership_ = std::move(*ownership);
        auto quieted = kernel::Quieted::quieten(netlink, interface, state_directory);
        if (!quieted) return quieted.error();
        quieted_ = std::move(*quieted);
        return {};
    }

    Result<void> open(const port::OpenOptions &options, const port::PacketPool &pool) {
        take_dpdk_complaints(); // old ones would be blamed on this port
        Result<std::unique_ptr<port::Port>> opened = port::Port::open(options, pool);
        if (!opened) return with_dpdk_reason(opened.error());
        port_ = std::move(*opened);
        spdlog::info("port {}: starting {}", name_, port_->driver());
        if (Result<void> started = port_->start(); !started)
            return with_dpdk_reason(started.error());
        if (const std::string &why = port_->slow_queue_problem(); !why.empty())
            spdlog::debug("port {}: LACPDUs have no receive queue of their own: {}", name_, why);
        complaints_ = take_dpdk_complaints();
        for (const std::string &complaint : complaints_)
            spdlog::warn("port {}: it is open, but DPDK says: {}", name_, complaint);
        spdlog::info("port {}: {} open, MAC {}, {} queue{}, link state from {}", name_,
                     port_->driver(), to_string(port_->mac()), port_->queues(),
                     port_->queues() == 1 ? "" : "s", to_text(port_->link_source()));
        return {};
    }

    aggregation::AttachedPort attached() const override {
        return {.name = name_,
                .device_text = {},
                .driver = port_->driver(),
                .device = port_->device(),
                .number = 0,
                .mac = port_->mac(),
                .queues = port_->queues(),
                .slow_queue = port_->has_slow_queue(),
                .rx_descriptors = port_->rx_descriptors(),
                .link_source = port_->link_source(),
                .interface_index = port_->interface_index(),
                .watch = port_->watch(),
                .packets = port_->packet_socket(),
                .hearing = {},
                .features = port_->features(),
                .complaints = complaints_,
                .is_pci = port_->is_pci(),
                .frees_fast = port_->frees_fast(),
                .lacp = {},
                .weight = {}};
    }
    uint16_t mtu() const override { return port_->mtu(); }
    bool restarts_for_mtu() const override { return port_->restarts_for_mtu(); }
    bool has_one_pool() const override { return port_->has_one_pool(); }
    Result<void> set_mtu(uint16_t mtu) override {
        take_dpdk_complaints();
        return explained(port_->set_mtu(mtu));
    }
    Result<void> take_other_pools() override { return explained(port_->take_other_pools()); }
    Result<void> stop() override { return explained(port_->stop()); }
    Result<void> start_again() override { return explained(port_->start_again()); }
    Result<bool> empty_queues() override {
        Result<bool> emptied = port_->empty_queues();
        return emptied ? emptied : with_dpdk_reason(emptied.error());
    }
    port::Hearing hear(const MacAddress &lagg) override { return port_->hear(lagg); }

  private:
    std::string name_;
    port::Undertaker &undertaker_;
    std::unique_ptr<kernel::Ownership> ownership_;
    std::unique_ptr<kernel::Quieted> quieted_;
    std::unique_ptr<port::Port> port_;    ///< destroyed before the interface gets its sysctls back
    std::vector<std::string> complaints_; ///< of DPDK while it was opened
};

} // namespace

Error with_dpdk_reason(Error error) {
    if (const auto complaints = take_dpdk_complaints(); !complaints.empty())
        error.message += " (DPDK says: " + complaints.front() + ")";
    return error;
}

Result<std::shared_ptr<OpenPort>> RealEdge::open_port(const config::Config &config,
                                                      const std::string &name) {
    const config::Port &port = find_port(config, name);
    const port::Device device = port::parse_device(port.device, port.name);
    const auto named = [&](const Error &error) {
        return Error{fmt::format("port {}: {}", port.name, error.message)};
    };
    if (Result<void> there = check_device(config, port); !there) return named(there.error());
    const auto open = std::make_shared<RealPort>(port.name, undertaker_);
    if (port::opens_interface(device))
        if (Result<void> taken =
                open->take_interface(device.interface, parts_.netlink, parts_.state_directory);
            !taken)
            return named(taken.error());
    if (undertaker_.has(device.name))
        return Error{
            fmt::format("port {}: its device {} is still being closed", port.name, device.name)};
    if (Result<void> opened = open->open({.name = port.name,
                                          .device = device,
                                          .queues = static_cast<uint16_t>(parts_.workers),
                                          .descriptors = port.descriptors,
                                          .mtu = mtu_of(config, name),
                                          .events = parts_.link_events,
                                          .one_pool = has_one_pool(config),
                                          .slow_queue = !laggs_over(config, name).empty()},
                                         parts_.pool);
        !opened)
        return opened.error();
    return std::shared_ptr<OpenPort>(open);
}

Result<std::shared_ptr<OpenUpper>> RealEdge::open_upper(const config::Lagg &lagg,
                                                        const kernel::Want &want) {
    switch (lagg.upper.kind) {
    case config::UpperKind::KERNEL:
        if (!parts_.may_open_taps) break;
        return KernelUpper::open(lagg.name, want, static_cast<uint16_t>(parts_.workers),
                                 parts_.pool, parts_.netlink, parts_.state_directory);
    case config::UpperKind::PORT:
    case config::UpperKind::NONE: break;
    }
    return std::shared_ptr<OpenUpper>();
}

std::vector<std::string> RealEdge::wait_closed(std::chrono::milliseconds limit) {
    return undertaker_.wait(limit);
}

bool RealEdge::host_uses(const std::string &device) {
    constexpr std::string_view kInterface = "iface=";
    if (!device.starts_with(kInterface)) return false;
    const Result<std::optional<kernel::Have>> have =
        parts_.netlink.read(device.substr(kInterface.size()));
    return have && have->has_value() && (*have)->up;
}

} // namespace lagg::daemon
