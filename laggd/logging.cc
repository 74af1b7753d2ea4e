#include "laggd/logging.hh"

#include <spdlog/async.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <bpf/libbpf.h>
#include <rte_log.h>
#include <xdp/libxdp.h>

#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace lagg::daemon {

namespace {

constexpr size_t kQueuedLines = 8192;

std::mutex complaint_mutex;
constexpr size_t kMostComplaints = 8;
std::vector<std::string> complaints; ///< guarded by complaint_mutex

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.remove_suffix(1);
    return text;
}

// libbpf and libxdp print to standard error on their own when net_af_xdp uses them.
void log_library_line(const char *library, const char *format, va_list arguments) {
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    spdlog::debug("{}: {}", library, trimmed(line));
}

int log_libbpf(libbpf_print_level, const char *format, va_list arguments) {
    log_library_line("libbpf", format, arguments);
    return 0;
}

int log_libxdp(libxdp_print_level, const char *format, va_list arguments) {
    log_library_line("libxdp", format, arguments);
    return 0;
}

// The stream does not tell the level of a line, but DPDK knows the level of the message it is
// writing.
ssize_t write_dpdk_line(void *, const char *text, size_t size) {
    const std::string_view line = trimmed({text, size});
    if (line.empty()) return static_cast<ssize_t>(size);
    spdlog::debug("dpdk: {}", line);
    if (rte_log_cur_msg_loglevel() <= static_cast<int>(RTE_LOG_ERR)) {
        const std::lock_guard lock(complaint_mutex);
        if (complaints.size() < kMostComplaints) complaints.emplace_back(line);
    }
    return static_cast<ssize_t>(size);
}

} // namespace

void start_logging(const std::string &level) {
    spdlog::init_thread_pool(kQueuedLines, 1);
    auto logger = spdlog::create_async_nb<spdlog::sinks::stderr_color_sink_mt>("laggd");
    // The journal has its own time stamps.
    logger->set_pattern(
        std::getenv("JOURNAL_STREAM") != nullptr ? "%l: %v" : "%Y-%m-%d %H:%M:%S.%e %^%l%$: %v");
    spdlog::set_default_logger(logger);
    set_log_level(level);
}

void set_log_level(const std::string &level) {
    spdlog::set_level(spdlog::level::from_str(level));
}

bool stop_logging() {
    constexpr std::chrono::seconds kLimit(2);
    auto written = std::make_shared<std::promise<void>>();
    const std::future<void> done = written->get_future();
    std::thread([written] {
        spdlog::shutdown();
        written->set_value();
    }).detach();
    return done.wait_for(kLimit) == std::future_status::ready;
}

void capture_dpdk_log() {
    const cookie_io_functions_t functions{
        .read = nullptr, .write = write_dpdk_line, .seek = nullptr, .close = nullptr};
    FILE *stream = fopencookie(nullptr, "w", functions);
    if (stream == nullptr) return;
    setvbuf(stream, nullptr, _IOLBF, 0);
    rte_openlog_stream(stream);
    libbpf_set_print(log_libbpf);
    libxdp_set_print(log_libxdp);
}

std::vector<std::string> take_dpdk_complaints() {
    const std::lock_guard lock(complaint_mutex);
    return std::exchange(complaints, {});
}

} // namespace lagg::daemon
