// laggd: reads the configuration, starts the threads, brings up the laggs, and waits for signals.
//
// Threads: this one (control: devices, kernel interfaces, reloads; may wait for a device), the
// workers, the protocol thread, and the service thread (API, carrier).

#include "control/aggregation/protocol_thread.hh"
#include "control/config/describe_keys.hh"
#include "control/config/load.hh"
#include "control/host/check.hh"
#include "control/recording/recorder.hh"
#include "control/threads/work_queue.hh"
#include "dataplane/files/files.hh"
#include "dataplane/upper/tap.hh"
#include "laggd/candidate.hh"
#include "laggd/descriptors.hh"
#include "laggd/eal.hh"
#include "laggd/kernel_upper.hh"
#include "laggd/load_policies.hh"
#include "laggd/logging.hh"
#include "laggd/options.hh"
#include "laggd/protocol_side.hh"
#include "laggd/real_edge.hh"
#include "laggd/requests.hh"
#include "laggd/service.hh"
#include "laggd/supervisor.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>

using namespace lagg;
using namespace lagg::daemon;

namespace {

/// What the status needs that no other part knows.
class Report {
  public:
    void set_last_reload(const std::string &text) {
        const std::lock_guard lock(mutex_);
        last_reload_ = text;
    }
    std::string last_reload() const {
        const std::lock_guard lock(mutex_);
        return last_reload_;
    }

  private:
    mutable std::mutex mutex_;
    std::string last_reload_ = "ok";
};

void print_mistakes(const std::vector<config::Mistake> &mistakes) {
    for (const config::Mistake &mistake : mistakes)
        std::fprintf(stderr, "%s\n", config::to_string(mistake).c_str());
}

int check(const std::string &file) {
    const auto read = read_candidate(file, {.purpose = Situation::Purpose::CHECK});
    if (const auto *mistakes = std::get_if<config::Mistakes>(&read)) {
        print_mistakes(mistakes->list);
        return kExitBadConfig;
    }
    const auto &candidate = std::get<Candidate>(read);
    std::vector<config::Mistake> warnings = candidate.warnings;
    for (config::Mistake &warning : warnings)
        warning.message = "warning: " + warning.message;
    print_mistakes(warnings);
    const config::Config &config = candidate.config;
    std::printf("%s: good: %zu lagg%s over %zu port%s\n", file.c_str(), config.laggs.size(),
                config.laggs.size() == 1 ? "" : "s", config.ports.size(),
                config.ports.size() == 1 ? "" : "s");
    return kExitOk;
}

/// Beside the API's socket; the usual place when the configuration cannot be read.
std::string state_directory_of(const std::string &config_file) {
    const config::Loaded loaded = config::load(config_file);
    const auto *config = std::get_if<config::Config>(&loaded);
    return std::filesystem::path((config != nullptr ? *config : config::Config{}).daemon.api)
        .parent_path();
}

int remove_interfaces(const std::string &state_directory) {
    Result<std::unique_ptr<kernel::Rtnetlink>> netlink = kernel::Rtnetlink::open();
    if (!netlink) {
        std::fprintf(stderr, "laggd: %s\n", netlink.error().message.c_str());
        return kExitFailed;
    }
    const Result<std::vector<std::string>> names = (*netlink)->lagg_interfaces();
    if (!names) {
        std::fprintf(stderr, "laggd: %s\n", names.error().message.c_str());
        return kExitFailed;
    }
    int code = kExitOk;
    for (const std::string &name : *names) {
        forget_mac(state_directory, name);
        const Result<void> removed = KernelUpper::remove_by_name(name, **netlink, state_directory);
        if (removed)
            std::printf("removed %s\n", name.c_str());
        else
            std::fprintf(stderr, "laggd: %s\n", removed.error().message.c_str());
        if (!removed) code = kExitFailed;
    }
    return code;
}

/// A directory only this user writes to; made when it is not there.
bool is_private_directory(const std::string &path) {
    mkdir(path.c_str(), 0700);
    struct stat about {};
    return lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == getuid() &&
           (about.st_mode & 022) == 0;
}

/// Where the API listens. An ordinary user has no /run/lagg and gets a place of his own.
Result<std::string> usable_api_path(const std::string &configured) {
    const std::filesystem::path directory = std::filesystem::path(configured).parent_path();
    std::error_code ignored;
    std::filesystem::create_directories(directory, ignored);
    if (access(directory.c_str(), W_OK | X_OK) == 0) return configured;
    const char *runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string own =
        runtime != nullptr ? std::string(runtime) + "/lagg" : fmt::format("/tmp/lagg-{}", getuid());
    if (!is_private_directory(own))
        return Error{fmt::format(
            "neither {} nor {} can hold the API's socket; name a directory of this user's in "
            "[daemon] api",
            directory.string(), own)};
    spdlog::warn("{} is not writable for this user; the API is at {}/api.sock (laggctl --socket "
                 "{}/api.sock)",
                 directory.string(), own, own);
    return own + "/api.sock";
}

int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : {SIGTERM, SIGINT, SIGHUP})
        sigaddset(&set, signal);
    // Before any other thread is made, so that all of them inherit it and signals come here alone.
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

Result<std::string> reload(const config::Config &begun, Supervisor &supervisor,
                           const std::string &file, Report &report) {
    const auto read = read_candidate(file, {.purpose = Situation::Purpose::RELOAD,
                                            .begun = begun,
                                            .running = supervisor.running().config});
    std::string refusal;
    if (const auto *mistakes = std::get_if<config::Mistakes>(&read)) {
        for (const config::Mistake &mistake : mistakes->list) {
            spdlog::error("{}", config::to_string(mistake));
            refusal += (refusal.empty() ? "" : "\n") + config::to_string(mistake);
        }
    } else {
        const auto &candidate = std::get<Candidate>(read);
        for (const std::string &key : config::waiting_keys(candidate.differences))
            spdlog::warn("[daemon] {} changed and takes effect at the next start", key);
        const Result<void> room = make_room_for_files(candidate.config);
        Result<PoliciesOfLaggs> policies =
            room ? load_policies(candidate.config, supervisor.running().policies, file,
                                 candidate.positions)
                 : Result<PoliciesOfLaggs>(room.error());
        Result<bool> changed = policies ? supervisor.reload(candidate.config, std::move(*policies))
                                        : Result<bool>(policies.error());
        if (!changed) refusal = changed.error().message;
        if (!refusal.empty()) spdlog::error("{}", refusal);
        if (changed && !*changed) {
            spdlog::info("reloaded {}: nothing to change", file);
            report.set_last_reload("ok");
            return fmt::format("{}: nothing to change", file);
        }
    }
    if (!refusal.empty()) {
        report.set_last_reload(refusal);
        spdlog::error("{} was refused and nothing changed", file);
        return Error{refusal};
    }
    std::string left_out;
    for (const auto &[port, reason] : supervisor.running().failed)
        left_out += "; left out for now: " + reason;
    report.set_last_reload("ok" + left_out);
    spdlog::info("reloaded {}{}", file, left_out);
    return fmt::format("{}: done{}", file, left_out);
}

/// Does what other threads post meanwhile. Returns when a signal asks the daemon to stop.
void wait_for_signals(int signals, WorkQueue &wishes,
                      const std::function<Result<std::string>()> &reload_now,
                      Supervisor &supervisor) {
    constexpr std::chrono::seconds kRetryPeriod(5);
    auto next_retry = std::chrono::steady_clock::now() + kRetryPeriod;
    for (;;) {
        pollfd fds[2] = {{.fd = signals, .events = POLLIN, .revents = 0},
                         {.fd = wishes.fd(), .events = POLLIN, .revents = 0}};
        const bool waiting = supervisor.has_failures();
        const auto now = std::chrono::steady_clock::now();
        if (!waiting) next_retry = now + kRetryPeriod;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_retry - now);
        const int ready = poll(fds, 2, waiting ? std::max(0, static_cast<int>(left.count())) : -1);
        if (waiting && std::chrono::steady_clock::now() >= next_retry) {
            supervisor.retry();
            next_retry = std::chrono::steady_clock::now() + kRetryPeriod;
        }
        signalfd_siginfo signal{};
        if (ready > 0 && read(signals, &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo != SIGHUP) {
                spdlog::info("stopping: {}", strsignal(static_cast<int>(signal.ssi_signo)));
                return;
            }
            (void)reload_now();
        }
        wishes.run();
    }
}

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

void put_back_left_over(kernel::Rtnetlink &netlink, const std::string &state_directory,
                        const Running &running) {
    std::vector<unsigned> in_use;
    for (const auto &[name, port] : running.ports)
        in_use.push_back(port.device->attached().interface_index);
    for (const std::string &interface :
         kernel::put_back_left_over(netlink, state_directory, in_use))
        spdlog::info("{}: it is as it was before a laggd that was killed had it", interface);
}

int run(const config::Config &config, const config::Positions &positions, const Options &options,
        int signals) {
    const auto started_at = std::chrono::steady_clock::now();
    const auto fail = [](const Error &error) {
        spdlog::error("{}", error.message);
        return kExitFailed;
    };

    if (Result<void> room = make_room_for_files(config); !room) return fail(room.error());
    port::take_signals_from_net_tap();
    const Result<std::string> usable = usable_api_path(config.daemon.api);
    if (!usable) return fail(usable.error());
    const std::string &api_path = *usable;
    const std::string state_directory = std::filesystem::path(api_path).parent_path();
    const Result<Eal> eal = Eal::start(config);
    if (!eal) return fail(eal.error());
    const host::Pools pools = host::pools_of(config);
    Result<std::unique_ptr<port::PacketPool>> pool =
        port::PacketPool::create(pools.data, pools.slow);
    if (!pool) return fail(pool.error());
    Result<std::unique_ptr<kernel::Rtnetlink>> netlink = kernel::Rtnetlink::open();
    if (!netlink) return fail(netlink.error());
    Result<std::unique_ptr<kernel::CarrierWatch>> carriers = kernel::CarrierWatch::open();
    if (!carriers) return fail(carriers.error());
    const Result<void> kernel_interface = upper::can_open_taps();
    if (!kernel_interface)
        spdlog::warn("laggs run without their kernel interfaces: {}",
                     kernel_interface.error().message);

    const std::unique_ptr<worker::Fleet> fleet = worker::Fleet::launch(
        eal->worker_lcores(), **pool, config.daemon.poll == config::Poll::ADAPTIVE);
    Result<std::unique_ptr<Service>> service = Service::start();
    if (!service) return fail(service.error());
    // Outlives the protocol thread, which writes to it.
    std::unique_ptr<recording::Recorder> recorder;
    if (!config.daemon.record.empty()) {
        auto opened = recording::Recorder::open(
            config.daemon.record, [path = config.daemon.record](const std::string &why) {
                spdlog::error("the recording {} ends here, and can be replayed until here: {}",
                              path, why);
            });
        if (!opened) return fail(opened.error());
        recorder = *std::move(opened);
        spdlog::info("recording LACP to {}", config.daemon.record);
    }
    WorkQueue wishes;
    if (!wishes.usable()) return fail({"control's queue cannot be made: too many open files?"});
    // Set before anything in the queue is done.
    Supervisor *control = nullptr;
    aggregation::Hooks hooks = (*service)->hooks();
    hooks.gone = [&](const std::string &port, const std::string &why) {
        wishes.sender().post([&control, port, why] { control->lost_device(port, why); });
    };
    hooks.stale = [&](const std::string &port) {
        wishes.sender().post([&control, port] { control->empty_queues(port); });
    };
    // One look shows what many changes came to.
    hooks.interface_changed = [&](const std::string &lagg) {
        wishes.sender().post_once(lagg, [&control, lagg] { control->mend_interface(lagg); });
    };
    hooks.alive = watchdog(*fleet);
    hooks.recorder = recorder.get();
    auto protocol = std::make_unique<aggregation::ProtocolThread>(*fleet, std::move(*carriers),
                                                                  std::move(hooks));
    (*service)->watch(protocol.get());

    RealEdge edge({.pool = **pool,
                   .netlink = **netlink,
                   .link_events = protocol->link_events(),
                   .workers = fleet->size(),
                   .state_directory = state_directory,
                   .may_open_taps = kernel_interface.has_value()});
    RealProtocolSide protocol_side(*protocol);
    Supervisor supervisor(
        {.edge = edge, .protocol = protocol_side, .state_directory = state_directory});
    control = &supervisor;
    Report report;
    const auto reload_now = [&] { return reload(config, supervisor, options.config_file, report); };
    const auto status = [&] {
        api::Status out;
        out.version = LAGG_VERSION;
        out.pid = static_cast<uint64_t>(getpid());
        out.uptime_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - started_at).count();
        out.config_file = options.config_file;
        out.memory = eal->memory();
        const port::PoolUse use = (*pool)->use();
        out.buffers_total = use.total;
        out.buffers_free = use.free;
        out.last_reload = report.last_reload();
        for (unsigned i = 0; i < fleet->size(); ++i)
            out.workers.push_back({.lcore = fleet->lcore(i),
                                   .loops = fleet->worker(i).loops().loops.value(),
                                   .busy_loops = fleet->worker(i).loops().busy_loops.value()});
        protocol->call(
            [&](aggregation::Engine &engine, lacp::Time now) { out.laggs = engine.describe(now); });
        return out;
    };
    // Clients are cut off before anything they could ask for goes away, on every way out of here.
    struct StopService {
        std::unique_ptr<Service> &service;
        ~StopService() { service.reset(); }
    } const stop_service{*service};
    // The API first: it answers while devices are being opened, which can take its time.
    if (Result<void> served = (*service)->serve(
            api_path,
            {.status = status,
             .reload =
                 [&](std::function<void(Result<std::string>)> done) {
                     wishes.sender().post([&, done = std::move(done)] { done(reload_now()); });
                 },
             .history =
                 [&](const std::string &lagg, const std::string &port) {
                     return port_history(*protocol, lagg, port);
                 },
             .xstats =
                 [&](const std::string &lagg, const std::string &port) {
                     return extended_counters(*protocol, lagg, port);
                 },
             .note = [](const std::string &text) { spdlog::warn("{}", text); },
             .where_goes =
                 [&](const std::string &lagg, const api::FlowQuestion &question) {
                     return where_goes(*protocol, lagg, question);
                 },
             .switch_port =
                 [&](const api::SwitchWish &wish) { return switch_port(*protocol, wish); }});
        !served)
        return fail(served.error());
    Result<PoliciesOfLaggs> policies = load_policies(config, {}, options.config_file, positions);
    if (!policies) return fail(policies.error());
    if (Result<void> started = supervisor.start(config, std::move(*policies)); !started)
        return fail(started.error());
    put_back_left_over(**netlink, state_directory, supervisor.running());
    KernelUpper::remove_left_over(config, **netlink, state_directory);
    spdlog::info("running {} lagg{} from {}, {} worker{}, {}, API at {}", config.laggs.size(),
                 config.laggs.size() == 1 ? "" : "s", options.config_file, fleet->size(),
                 fleet->size() == 1 ? "" : "s", eal->memory(), api_path);
    notify_systemd(fmt::format("READY=1\nSTATUS={} laggs", config.laggs.size()));

    wait_for_signals(signals, wishes, reload_now, supervisor);

    notify_systemd("STOPPING=1");
    if (!supervisor.stop()) {
        // A thread hangs in a driver and uses what would be taken down now.
        spdlog::info("stopped");
        (void)stop_logging();
        std::_Exit(kExitOk);
    }
    return kExitOk;
}

} // namespace

int main(int argc, char **argv) {
    take_standard_descriptors();
    const Options options = parse_command_line(argc, argv);
    switch (options.action) {
    case Options::Action::LEAVE: return options.exit_code;
    case Options::Action::CHECK: return check(options.config_file);
    case Options::Action::DESCRIBE_CONFIG:
        std::puts(
            (options.as_schema ? config::config_schema() : config::describe_config()).c_str());
        return kExitOk;
    case Options::Action::REMOVE_INTERFACES:
        return remove_interfaces(state_directory_of(options.config_file));
    case Options::Action::RUN: break;
    }
    const auto read = read_candidate(options.config_file, {.purpose = Situation::Purpose::START});
    if (const auto *mistakes = std::get_if<config::Mistakes>(&read)) {
        print_mistakes(mistakes->list);
        return kExitBadConfig;
    }
    const auto &[config, positions, differences, warnings] = std::get<Candidate>(read);
    const int signals = block_signals();
    start_logging(options.log_level.empty() ? config.daemon.log : options.log_level);
    const int code = run(config, positions, options, signals);
    if (code == kExitOk) Eal::stop();
    spdlog::info("stopped");
    if (!stop_logging()) std::_Exit(code);
    return code;
}
