// laggd's packet path without the daemon around it: the Fleet, the ProtocolThread and the Ports
// that laggd runs, joined as its control thread joins them.
#include "bench/engine/engine.hh"

#include "control/aggregation/protocol_thread.hh"
#include "dataplane/port/link_watch.hh"
#include "dataplane/port/port.hh"
#include "dataplane/worker/fleet.hh"

#include <array>
#include <chrono>
#include <thread>

namespace lagg::bench {

namespace {

using namespace std::chrono_literals;

/// A device of rings that is open as a port of ours.
struct OpenPort {
    OpenPort(const std::string &name, const DeviceRings &rings, const port::PacketPool &pool)
        : device(name, rings) {
        port::OpenOptions options;
        options.name = name;
        options.device.name = device.name();
        options.device.driver = "net_ring";
        options.queues = static_cast<uint16_t>(rings.receive.size());
        Result<std::unique_ptr<port::Port>> opened = port::Port::open(options, pool);
        if (!opened) give_up(opened.error().message);
        port = std::move(*opened);
        if (const Result<void> started = port->start(); !started) give_up(started.error().message);
    }

    RingDevice device;
    std::unique_ptr<port::Port> port;
};

class LaggdEngine final : public Engine {
  public:
    LaggdEngine(const std::string &prefix, const EngineRings &rings, const port::PacketPool &pool,
                LaggdProtocol protocol, bool watched)
        : pool_(pool), upper_(prefix + "up", rings.upper, pool), watched_(watched) {
        config_.name = "lagg0";
        config_.protocol = protocol == LaggdProtocol::FAILOVER ? config::Protocol::FAILOVER
                                                               : config::Protocol::LOADBALANCE;
        config_.hash = {.policy = {.fields = distribute::kLayer34}, .seed = 1};
        for (size_t i = 0; i < rings.members.size(); ++i) {
            const std::string name = prefix + "p" + std::to_string(i);
            members_.push_back(std::make_unique<OpenPort>(name, rings.members[i], pool));
            config_.ports.push_back(name);
        }
    }

    void start(const std::vector<unsigned> &lcores) override {
        fleet_ = worker::Fleet::launch(lcores, pool_, false);
        protocol_ = std::make_unique<aggregation::ProtocolThread>(
            *fleet_, nullptr,
            aggregation::Hooks{.carrier = [](const std::string &, auto, bool) {},
                               .speed = [](port::DeviceId, unsigned) {}});
        if (watched_)
            for (const auto &member : members_)
                watches_.push_back(std::make_shared<port::LinkWatch>(member->device.id(), "",
                                                                     protocol_->link_events()));
        protocol_->call([&](aggregation::Engine &engine, lacp::Time now) { add_all(engine, now); });
        const auto deadline = std::chrono::steady_clock::now() + 5s;
        while (!all_distribute_that_should()) {
            if (std::chrono::steady_clock::now() > deadline)
                give_up("not every port that should distribute does after 5 s");
            std::this_thread::sleep_for(1ms);
        }
        protocol_->wait_settled(5s);
    }

    uint64_t packets() const override {
        uint64_t sent = fleet_->totals(upper_.device.id()).tx_packets;
        for (const auto &member : members_)
            sent += fleet_->totals(member->device.id()).tx_packets;
        return sent;
    }

    void stop() override {
        watches_.clear();
        protocol_.reset();
        fleet_.reset();
    }

    uint16_t member_device(unsigned member) const override { return members_[member]->device.id(); }

  private:
    void add_all(aggregation::Engine &engine, lacp::Time now) {
        aggregation::WantedLagg wanted{
            .config = config_,
            .identity = {.mac = {2, 0, 0, 0, 0xff, 1}, .hash_seed = 1},
            .upper = {
                .endpoint = {.id = upper_.device.id(), .receive_queues = upper_.port->queues()},
                .queues = upper_.port->queues(),
                .text = "port:up"}};
        for (size_t i = 0; i < members_.size(); ++i)
            wanted.ports.push_back({.name = members_[i]->port->name(), .attached = attached(i)});
        engine.put(std::span(&wanted, 1), now);
    }

    aggregation::AttachedPort attached(size_t member) const {
        const port::Port &port = *members_[member]->port;
        return {.name = port.name(),
                .device_text = port.name(),
                .driver = port.driver(),
                .device = port.device(),
                .number = static_cast<lacp::PortNumber>(member + 1),
                .mac = port.mac(),
                .queues = port.queues(),
                .rx_descriptors = port.rx_descriptors(),
                .link_source = port.link_source(),
                .watch = watches_.empty() ? nullptr : watches_[member],
                .lacp = {}};
    }

    bool all_distribute_that_should() {
        unsigned distributing = 0;
        protocol_->call([&](aggregation::Engine &engine, lacp::Time now) {
            for (const api::Lagg &lagg : engine.describe(now))
                for (const api::Port &port : lagg.ports)
                    distributing += port.distributing ? 1 : 0;
        });
        const bool one = config_.protocol == config::Protocol::FAILOVER;
        return distributing == (one ? 1 : members_.size());
    }

    const port::PacketPool &pool_;
    OpenPort upper_;
    std::vector<std::unique_ptr<OpenPort>> members_;
    bool watched_;
    config::Lagg config_;
    std::vector<std::shared_ptr<port::LinkWatch>> watches_;
    std::unique_ptr<worker::Fleet> fleet_;
    std::unique_ptr<aggregation::ProtocolThread> protocol_;
};

} // namespace

std::unique_ptr<Engine> make_laggd(const std::string &prefix, const EngineRings &rings,
                                   const port::PacketPool &pool, LaggdProtocol protocol,
                                   bool watched) {
    return std::make_unique<LaggdEngine>(prefix, rings, pool, protocol, watched);
}

} // namespace lagg::bench
