#include "laggd/eal.hh"

#include "control/host/check.hh"
#include "laggd/cpus.hh"
#include "laggd/logging.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <rte_eal.h>
#include <rte_errno.h>

#include <algorithm>
#include <filesystem>

namespace lagg::daemon {

namespace {

Result<bool> use_huge_pages(const config::Daemon &daemon, uint64_t needed) {
    if (daemon.memory == config::Memory::NONE) return false;
    const uint64_t free = host::free_huge_page_bytes(host::read_files("/"));
    if (free >= needed) return true;
    const std::string shortage =
        fmt::format("{} MiB of huge pages are free and {} MiB are needed (`echo {} > "
                    "/proc/sys/vm/nr_hugepages`; `laggctl doctor` says how to keep them)",
                    free >> 20, needed >> 20, (needed + (2u << 20) - 1) >> 21);
    if (daemon.memory == config::Memory::HUGEPAGES)
        return Error{fmt::format(
            "memory = \"hugepages\": {}; or set memory = \"auto\" to go on without", shortage)};
    spdlog::warn("running without huge pages, which costs speed and rules out most bound NICs: {}",
                 shortage);
    return false;
}

std::vector<std::string> memory_arguments(bool huge, const config::Daemon &daemon,
                                          uint64_t needed) {
    if (huge) return {"--in-memory"};
    const uint64_t mib = daemon.memory_mb != 0 ? daemon.memory_mb : needed >> 20;
    return {"--no-huge", "--no-shconf", "-m", fmt::format("{}", mib)};
}

} // namespace

Result<Eal> Eal::start(const config::Config &config) {
    const config::Daemon &daemon = config.daemon;
    const Result<std::vector<unsigned>> cpus = worker_cpus(daemon.workers);
    if (!cpus) return cpus.error();
    const uint64_t needed = host::memory_needed(config);
    const Result<bool> huge = use_huge_pages(daemon, needed);
    if (!huge) return huge.error();

    // An allow list that no device is on keeps EAL from taking every NIC that happens to be bound;
    // ports are probed one by one as the configuration names them.
    std::vector<std::string> arguments{
        "laggd",         "--lcores", lcores_argument(*cpus), "--main-lcore", "0",
        "--file-prefix", "laggd",    "--no-telemetry",       "-a",           "ffff:ff:1f.7"};
    for (std::string &argument : memory_arguments(*huge, daemon, needed))
        arguments.push_back(std::move(argument));
    arguments.insert(arguments.end(), daemon.eal.begin(), daemon.eal.end());
    spdlog::debug("EAL arguments: {}", fmt::join(arguments, " "));

    std::vector<char *> argv;
    for (std::string &argument : arguments)
        argv.push_back(argument.data());
    capture_dpdk_log();
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) {
        const std::vector<std::string> complaints = take_dpdk_complaints();
        return Error{fmt::format("DPDK does not start: {}{}{}", rte_strerror(rte_errno),
                                 complaints.empty() ? "" : ": ",
                                 complaints.empty() ? "" : complaints.front())};
    }
    Eal eal;
    for (size_t i = 0; i < cpus->size(); ++i)
        eal.worker_lcores_.push_back(static_cast<unsigned>(i + 1));
    eal.memory_ = *huge ? "huge pages" : "no huge pages";
    return eal;
}

void Eal::stop() {
    const std::string runtime_directory = rte_eal_get_runtime_dir();
    rte_eal_cleanup();
    // EAL makes it in any mode; only an empty one goes.
    std::error_code ignored;
    std::filesystem::remove(runtime_directory, ignored);
}

} // namespace lagg::daemon
