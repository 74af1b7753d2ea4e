#include "laggd/daemon.hh"

#include "control/host/check.hh"
#include "dataplane/upper/tap.hh"
#include "laggd/api_path.hh"
#include "laggd/descriptors.hh"
#include "laggd/kernel_upper.hh"
#include "laggd/load_policies.hh"
#include "laggd/requests.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

namespace lagg::daemon {

namespace {

constexpr std::chrono::seconds kRetryPeriod(5);

/// Feeds systemd's watchdog for as long as every worker goes round; asked by the protocol thread,
/// so that its own standstill shows as well.
std::function<void()> watchdog(const worker::Fleet &fleet) {
    return [&fleet, last = std::vector<uint64_t>()]() mutable {
        std::vector<uint64_t> now;
        for (unsigned i = 0; i < fleet.size(); ++i)
            now.push_back(fleet.worker(i).loops().loops.value());
        bool alive = last.size() == now.size();
        for (size_t i = 0; alive && i < now.size(); ++i)
            alive = now[i] != last[i];
        if (alive) notify_systemd("WATCHDOG=1");
        last = std::move(now);
    };
}

std::string numbered(size_t count, const char *noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

} // namespace

Daemon::Daemon(const config::Config &config, std::string file)
    : config_(config), file_(std::move(file)) {}

Daemon::~Daemon() {
    service_.reset();
}

// ---- start

Result<void> Daemon::start(const config::Positions &positions) {
    if (Result<void> done = make_room(); !done) return done;
    if (Result<void> done = open_kernel(); !done) return done;
    if (Result<void> done = start_threads(); !done) return done;
    // The API first: it answers while devices are being opened.
    if (Result<void> done = serve(); !done) return done;
    return bring_up(positions);
}

/// Descriptors, the place of the socket, DPDK's memory.
Result<void> Daemon::make_room() {
    if (Result<void> room = make_room_for_files(config_); !room) return room;
    port::take_signals_from_net_tap();
    Result<std::string> path = usable_api_path(config_.daemon.api);
    if (!path) return path.error();
    api_path_ = *std::move(path);
    state_directory_ = std::filesystem::path(api_path_).parent_path();
    Result<Eal> eal = Eal::start(config_);
    if (!eal) return eal.error();
    eal_ = *std::move(eal);
    const host::Pools sizes = host::pools_of(config_);
    Result<std::unique_ptr<port::PacketPool>> pool =
        port::PacketPool::create(sizes.data, sizes.slow);
    if (!pool) return pool.error();
    pool_ = *std::move(pool);
    return {};
}

Result<void> Daemon::open_kernel() {
    Result<std::unique_ptr<kernel::Rtnetlink>> netlink = kernel::Rtnetlink::open();
    if (!netlink) return netlink.error();
    netlink_ = *std::move(netlink);
    Result<std::unique_ptr<kernel::CarrierWatch>> carriers = kernel::CarrierWatch::open();
    if (!carriers) return carriers.error();
    carriers_ = *std::move(carriers);
    const Result<void> taps = upper::can_open_taps();
    if (!taps) spdlog::warn("laggs run without their kernel interfaces: {}", taps.error().message);
    may_open_taps_ = taps.has_value();
    return {};
}

Result<void> Daemon::start_threads() {
    fleet_ = worker::Fleet::launch(eal_->worker_lcores(), *pool_,
                                   config_.daemon.poll == config::Poll::ADAPTIVE);
    Result<std::unique_ptr<Service>> service = Service::start();
    if (!service) return service.error();
    service_ = *std::move(service);
    if (Result<void> opened = open_recording(); !opened) return opened;
    if (!wishes_.usable()) return Error{"control's queue cannot be made: too many open files?"};
    protocol_ =
        std::make_unique<aggregation::ProtocolThread>(*fleet_, std::move(carriers_), hooks());
    service_->watch(protocol_.get());
    edge_.emplace(RealEdge::Parts{.pool = *pool_,
                                  .netlink = *netlink_,
                                  .link_events = protocol_->link_events(),
                                  .workers = fleet_->size(),
                                  .state_directory = state_directory_,
                                  .may_open_taps = may_open_taps_});
    protocol_side_.emplace(*protocol_);
    supervisor_.emplace(Supervisor::Parts{
        .edge = *edge_, .protocol = *protocol_side_, .state_directory = state_directory_});
    return {};
}

Result<void> Daemon::open_recording() {
    const std::string &path = config_.daemon.record;
    if (path.empty()) return {};
    auto opened = recording::Recorder::open(path, [path](const std::string &why) {
        spdlog::error("the recording {} ends here, and can be replayed until here: {}", path, why);
    });
    if (!opened) return opened.error();
    recorder_ = *std::move(opened);
    spdlog::info("recording LACP to {}", path);
    return {};
}

aggregation::Hooks Daemon::hooks() {
    aggregation::Hooks hooks = service_->hooks();
    const WorkQueue::Sender control = wishes_.sender();
    hooks.gone = [this, control](const std::string &port, const std::string &why) {
        control.post([this, port, why] { supervisor_->lost_device(port, why); });
    };
    hooks.stale = [this, control](const std::string &port) {
        control.post([this, port] { supervisor_->empty_queues(port); });
    };
    // One look shows what many changes came to.
    hooks.interface_changed = [this, control](const std::string &lagg) {
        control.post_once(lagg, [this, lagg] { supervisor_->mend_interface(lagg); });
    };
    hooks.alive = watchdog(*fleet_);
    hooks.recorder = recorder_.get();
    return hooks;
}

Result<void> Daemon::serve() {
    return service_->serve(
        api_path_,
        {.status = [this] { return status(); },
         .reload =
             [this](std::function<void(Result<std::string>)> done) {
                 wishes_.sender().post([this, done = std::move(done)] { done(reload()); });
             },
         .history =
             [this](const std::string &lagg, const std::string &port) {
                 return port_history(*protocol_, lagg, port);
             },
         .xstats =
             [this](const std::string &lagg, const std::string &port) {
                 return extended_counters(*protocol_, lagg, port);
             },
         .note = [](const std::string &text) { spdlog::warn("{}", text); },
         .where_goes =
             [this](const std::string &lagg, const api::FlowQuestion &question) {
                 return where_goes(*protocol_, lagg, question);
             },
         .switch_port =
             [this](const api::SwitchWish &wish) { return switch_port(*protocol_, wish); }});
}

Result<void> Daemon::bring_up(const config::Positions &positions) {
    Result<PoliciesOfLaggs> policies = load_policies(config_, {}, file_, positions);
    if (!policies) return policies.error();
    if (Result<void> started = supervisor_->start(config_, *std::move(policies)); !started)
        return started;
    put_back_left_over();
    KernelUpper::remove_left_over(config_, *netlink_, state_directory_);
    spdlog::info("running {} from {}, {}, {}, API at {}", numbered(config_.laggs.size(), "lagg"),
                 file_, numbered(fleet_->size(), "worker"), eal_->memory(), api_path_);
    notify_systemd(fmt::format("READY=1\nSTATUS={} laggs", config_.laggs.size()));
    return {};
}

void Daemon::put_back_left_over() {
    std::vector<unsigned> in_use;
    for (const auto &[name, port] : supervisor_->running().ports)
        in_use.push_back(port.device->attached().interface_index);
    for (const std::string &interface :
         kernel::put_back_left_over(*netlink_, state_directory_, in_use))
        spdlog::info("{}: it is as it was before a laggd that was killed had it", interface);
}

// ---- while it runs

Result<std::string> Daemon::reload() {
    return reload_file(file_, config_, *supervisor_, last_reload_);
}

api::Status Daemon::status() const {
    api::Status out;
    out.version = LAGG_VERSION;
    out.pid = static_cast<uint64_t>(getpid());
    out.uptime_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - started_at_).count();
    out.config_file = file_;
    out.memory = eal_->memory();
    const port::PoolUse use = pool_->use();
    out.buffers_total = use.total;
    out.buffers_free = use.free;
    out.last_reload = last_reload_.text();
    for (unsigned i = 0; i < fleet_->size(); ++i)
        out.workers.push_back({.lcore = fleet_->lcore(i),
                               .loops = fleet_->worker(i).loops().loops.value(),
                               .busy_loops = fleet_->worker(i).loops().busy_loops.value()});
    protocol_->call(
        [&](aggregation::Engine &engine, lacp::Time now) { out.laggs = engine.describe(now); });
    return out;
}

void Daemon::run(int signals) {
    auto next_retry = std::chrono::steady_clock::now() + kRetryPeriod;
    for (;;) {
        pollfd fds[2] = {{.fd = signals, .events = POLLIN, .revents = 0},
                         {.fd = wishes_.fd(), .events = POLLIN, .revents = 0}};
        const bool waiting = supervisor_->has_failures();
        const auto now = std::chrono::steady_clock::now();
        if (!waiting) next_retry = now + kRetryPeriod;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_retry - now);
        const int ready = poll(fds, 2, waiting ? std::max(0, static_cast<int>(left.count())) : -1);
        if (waiting && std::chrono::steady_clock::now() >= next_retry) {
            supervisor_->retry();
            next_retry = std::chrono::steady_clock::now() + kRetryPeriod;
        }
        signalfd_siginfo signal{};
        if (ready > 0 && read(signals, &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo != SIGHUP) {
                spdlog::info("stopping: {}", strsignal(static_cast<int>(signal.ssi_signo)));
                return;
            }
            (void)reload();
        }
        wishes_.run();
    }
}

bool Daemon::stop() {
    notify_systemd("STOPPING=1");
    return supervisor_->stop();
}

} // namespace lagg::daemon
