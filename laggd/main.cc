// laggd: reads the configuration, and runs the daemon until a signal ends it.

#include "laggd/candidate.hh"
#include "laggd/daemon.hh"
#include "laggd/eal.hh"
#include "laggd/logging.hh"
#include "laggd/options.hh"
#include "laggd/short_actions.hh"

#include "dataplane/files/files.hh"

#include <spdlog/spdlog.h>

#include <sys/signalfd.h>

#include <csignal>
#include <cstdlib>
#include <variant>

using namespace lagg;
using namespace lagg::daemon;

namespace {

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

/// The exit code, after everything that ran is gone.
int run_to_the_end(const Candidate &candidate, const std::string &file, int signals) {
    Daemon daemon(candidate.config, file);
    if (const Result<void> started = daemon.start(candidate.positions); !started) {
        spdlog::error("{}", started.error().message);
        return kExitFailed;
    }
    daemon.run(signals);
    if (!daemon.stop()) {
        spdlog::info("stopped");
        (void)stop_logging();
        std::_Exit(kExitOk);
    }
    return kExitOk;
}

int run(const Options &options) {
    const auto read = read_candidate(options.config_file, {.purpose = Situation::Purpose::START});
    if (const auto *mistakes = std::get_if<config::Mistakes>(&read)) {
        print_mistakes(mistakes->list);
        return kExitBadConfig;
    }
    const auto &candidate = std::get<Candidate>(read);
    const int signals = block_signals();
    start_logging(options.log_level.empty() ? candidate.config.daemon.log : options.log_level);
    const int code = run_to_the_end(candidate, options.config_file, signals);
    if (code == kExitOk) Eal::stop();
    spdlog::info("stopped");
    if (!stop_logging()) std::_Exit(code);
    return code;
}

} // namespace

int main(int argc, char **argv) {
    take_standard_descriptors();
    const Options options = parse_command_line(argc, argv);
    switch (options.action) {
    case Options::Action::LEAVE: return options.exit_code;
    case Options::Action::CHECK: return check(options.config_file);
    case Options::Action::DESCRIBE_CONFIG: return describe(options.as_schema);
    case Options::Action::REMOVE_INTERFACES: return remove_interfaces(options.config_file);
    case Options::Action::RUN: break;
    }
    return run(options);
}
