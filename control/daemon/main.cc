// laggd: reads the configuration, starts the threads, brings up the laggs, and waits for signals.
//
// Threads: this one (control: devices, kernel interfaces, reloads; may wait for a device), the workers,
// the protocol thread, and the service thread (API, carrier, watchdog).

#include "control/aggregation/protocol_thread.hh"
#include "control/config/load.hh"
#include "control/daemon/eal.hh"
#include "control/daemon/logging.hh"
#include "control/daemon/options.hh"
#include "control/daemon/service.hh"
#include "control/daemon/supervisor.hh"
#include "dataplane/upper/kernel_interface.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>

using namespace lagg;
using namespace lagg::daemon;

namespace {

constexpr std::chrono::seconds kRetryPeriod(5);

using Reply = std::function<void(Result<std::string>)>;

/// Reload requests of API clients on their way to this thread.
class ReloadRequests {
  public:
    ReloadRequests() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
    ~ReloadRequests() { close(fd_); }
    ReloadRequests(const ReloadRequests &) = delete;
    ReloadRequests &operator=(const ReloadRequests &) = delete;

    int fd() const { return fd_; }
    void add(Reply reply) {
        {
            const std::lock_guard lock(mutex_);
            replies_.push_back(std::move(reply));
        }
        const uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = write(fd_, &one, sizeof one);
    }
    std::vector<Reply> take() {
        uint64_t count = 0;
        [[maybe_unused]] const ssize_t got = read(fd_, &count, sizeof count);
        const std::lock_guard lock(mutex_);
        return std::exchange(replies_, {});
    }

  private:
    int fd_;
    std::mutex mutex_;
    std::vector<Reply> replies_;
};

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

/// The file's mistakes, or a configuration whose devices are there too.
config::Loaded load_and_find_devices(const std::string &file, bool devices_must_exist) {
    config::Positions positions;
    config::Loaded loaded = config::load(file, &positions);
    const auto *config = std::get_if<config::Config>(&loaded);
    if (config == nullptr || !devices_must_exist) return loaded;
    config::Mistakes missing;
    for (const config::Port &port : config->ports) {
        const Result<void> there = port::check_device(port::parse_device(port.device, port.name));
        if (there) continue;
        const config::Position at = positions.port_device[port.name];
        missing.list.push_back({.file = file,
                                .line = at.line,
                                .column = at.column,
                                .message = fmt::format("port {}: {}", port.name, there.error().message)});
    }
    if (!missing.list.empty()) return missing;
    return loaded;
}

int check(const std::string &file) {
    const config::Loaded loaded = load_and_find_devices(file, true);
    if (const auto *mistakes = std::get_if<config::Mistakes>(&loaded)) {
        for (const config::Mistake &mistake : mistakes->list)
            std::fprintf(stderr, "%s\n", config::to_string(mistake).c_str());
        return kExitBadConfig;
    }
    const auto &config = std::get<config::Config>(loaded);
    std::printf("%s: good: %zu lagg%s over %zu port%s\n", file.c_str(), config.laggs.size(),
                config.laggs.size() == 1 ? "" : "s", config.ports.size(), config.ports.size() == 1 ? "" : "s");
    return kExitOk;
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
    const std::string own = runtime != nullptr ? std::string(runtime) + "/lagg" : fmt::format("/tmp/lagg-{}", getuid());
    if (!is_private_directory(own))
        return Error{fmt::format("neither {} nor {} can hold the API's socket; name a directory of this user's in "
                                 "[daemon] api",
                                 directory.string(), own)};
    spdlog::warn("{} is not writable for this user; the API is at {}/api.sock (laggctl --socket {}/api.sock)",
                 directory.string(), own, own);
    return own + "/api.sock";
}

int block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
    // Before any other thread is made, so that all of them inherit it and signals come here alone.
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

std::vector<uint64_t> heartbeats(const worker::Fleet &fleet) {
    std::vector<uint64_t> rounds;
    for (unsigned i = 0; i < fleet.size(); ++i) rounds.push_back(fleet.worker(i).loops().loops.value());
    return rounds;
}

Result<std::string> reload(Supervisor &supervisor, const std::string &file, Report &report) {
    const config::Loaded loaded = load_and_find_devices(file, true);
    std::string refusal;
    if (const auto *mistakes = std::get_if<config::Mistakes>(&loaded)) {
        for (const config::Mistake &mistake : mistakes->list) {
            spdlog::error("{}", config::to_string(mistake));
            refusal += (refusal.empty() ? "" : "\n") + config::to_string(mistake);
        }
    } else {
        const auto &next = std::get<config::Config>(loaded);
        const config::Changes changes = config::diff(supervisor.config(), next);
        for (const std::string &key : changes.needs_restart)
            spdlog::warn("[daemon] {} changed and takes effect at the next start", key);
        if (const Result<void> done = supervisor.reload(next); !done) refusal = done.error().message;
        if (!refusal.empty()) spdlog::error("{}", refusal);
        if (refusal.empty() && changes.empty()) {
            spdlog::info("reloaded {}: nothing to change", file);
            report.set_last_reload("ok");
            return fmt::format("{}: nothing to change", file);
        }
    }
    report.set_last_reload(refusal.empty() ? "ok" : refusal);
    if (!refusal.empty()) {
        spdlog::error("{} was refused and nothing changed", file);
        return Error{refusal};
    }
    spdlog::info("reloaded {}", file);
    return fmt::format("{}: done", file);
}

/// Returns when a signal asks the daemon to stop.
void wait_for_signals(int signals, ReloadRequests &requests, const std::function<Result<std::string>()> &reload_now,
                      Supervisor &supervisor) {
    bool failed_ports = supervisor.retry_failed_ports();
    for (;;) {
        pollfd fds[2] = {{.fd = signals, .events = POLLIN, .revents = 0},
                         {.fd = requests.fd(), .events = POLLIN, .revents = 0}};
        const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(kRetryPeriod).count();
        const int ready = poll(fds, 2, failed_ports ? static_cast<int>(timeout) : -1);
        if (ready == 0) failed_ports = supervisor.retry_failed_ports();
        signalfd_siginfo signal{};
        if (ready > 0 && read(signals, &signal, sizeof signal) == sizeof signal) {
            if (signal.ssi_signo != SIGHUP) {
                spdlog::info("stopping: {}", strsignal(static_cast<int>(signal.ssi_signo)));
                return;
            }
            (void)reload_now();
            failed_ports = supervisor.retry_failed_ports();
        }
        for (const Reply &reply : requests.take()) {
            reply(reload_now());
            failed_ports = supervisor.retry_failed_ports();
        }
    }
}

int run(const config::Config &config, const Options &options, int signals) {
    const auto started_at = std::chrono::steady_clock::now();
    const auto fail = [](const Error &error) {
        spdlog::error("{}", error.message);
        return kExitFailed;
    };

    upper::take_signals_from_net_tap();
    const Result<std::string> usable = usable_api_path(config.daemon.api);
    if (!usable) return fail(usable.error());
    const std::string &api_path = *usable;
    const std::string state_directory = std::filesystem::path(api_path).parent_path();
    const Result<Eal> eal = Eal::start(config.daemon);
    if (!eal) return fail(eal.error());
    Result<std::unique_ptr<port::PacketPool>> pool = port::PacketPool::create(config.daemon.buffers);
    if (!pool) return fail(pool.error());
    Result<std::unique_ptr<kernel::Rtnetlink>> netlink = kernel::Rtnetlink::open();
    if (!netlink) return fail(netlink.error());
    Result<std::unique_ptr<kernel::CarrierWatch>> carriers = kernel::CarrierWatch::open();
    if (!carriers) return fail(carriers.error());
    const Result<void> kernel_interface = upper::can_open_kernel_interface();
    if (!kernel_interface)
        spdlog::warn("laggs run without their kernel interfaces: {}", kernel_interface.error().message);

    const std::unique_ptr<worker::Fleet> fleet =
        worker::Fleet::launch(eal->worker_lcores(), **pool, config.daemon.poll == config::Poll::ADAPTIVE);
    Result<std::unique_ptr<Service>> service = Service::start();
    if (!service) return fail(service.error());
    auto protocol =
        std::make_unique<aggregation::ProtocolThread>(*fleet, std::move(*carriers), (*service)->hooks());
    (*service)->watch(protocol.get(), [&] { return heartbeats(*fleet); });

    Supervisor supervisor({.pool = **pool,
                           .protocol = *protocol,
                           .netlink = **netlink,
                           .workers = fleet->size(),
                           .state_directory = state_directory,
                           .no_kernel_interface = kernel_interface ? "" : kernel_interface.error().message});
    Report report;
    ReloadRequests requests;
    const auto status = [&] {
        api::Status out;
        out.version = LAGG_VERSION;
        out.pid = static_cast<uint64_t>(getpid());
        out.uptime_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_at).count();
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
        protocol->call([&](aggregation::Engine &engine, lacp::Time now) { out.laggs = engine.describe(now); });
        return out;
    };
    // Clients are cut off before anything they could ask for goes away, on every way out of here.
    struct StopService {
        std::unique_ptr<Service> &service;
        ~StopService() { service.reset(); }
    } const stop_service{*service};
    // The API first: it answers while devices are being opened, which can take its time.
    if (Result<void> served = (*service)->serve(
            api_path, {.status = status, .reload = [&](Reply reply) { requests.add(std::move(reply)); }});
        !served)
        return fail(served.error());
    if (Result<void> started = supervisor.start(config); !started) return fail(started.error());
    spdlog::info("running {} lagg{} from {}, {} worker{}, {}, API at {}", config.laggs.size(),
                 config.laggs.size() == 1 ? "" : "s", options.config_file, fleet->size(),
                 fleet->size() == 1 ? "" : "s", eal->memory(), api_path);
    notify_systemd(fmt::format("READY=1\nSTATUS={} laggs", config.laggs.size()));

    wait_for_signals(signals, requests, [&] { return reload(supervisor, options.config_file, report); }, supervisor);

    notify_systemd("STOPPING=1");
    supervisor.stop();
    return kExitOk;
}

} // namespace

int main(int argc, char **argv) {
    const Options options = parse_command_line(argc, argv);
    switch (options.action) {
    case Options::Action::LEAVE: return options.exit_code;
    case Options::Action::CHECK: return check(options.config_file);
    case Options::Action::REMOVE_INTERFACES: return remove_interfaces("/run/lagg");
    case Options::Action::RUN: break;
    }
    const config::Loaded loaded = load_and_find_devices(options.config_file, false);
    if (const auto *mistakes = std::get_if<config::Mistakes>(&loaded)) {
        for (const config::Mistake &mistake : mistakes->list)
            std::fprintf(stderr, "%s\n", config::to_string(mistake).c_str());
        return kExitBadConfig;
    }
    const auto &config = std::get<config::Config>(loaded);
    const int signals = block_signals();
    start_logging(options.log_level.empty() ? config.daemon.log : options.log_level);
    const int code = run(config, options, signals);
    if (code == kExitOk) Eal::stop();
    spdlog::info("stopped");
    stop_logging();
    return code;
}
