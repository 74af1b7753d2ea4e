#include "dataplane/bpf/library_log.hh"

#include <bpf/libbpf.h>
#include <rte_log.h>

#include <cassert>
#include <cstdarg>
#include <cstdio>

namespace lagg::bpf {

namespace {

std::mutex mutex;
thread_local std::string *collected = nullptr;
libbpf_print_fn_t former_print = nullptr;
FILE *former_stream = nullptr;

int collect_print(libbpf_print_level level, const char *format, va_list arguments) {
    if (collected == nullptr) return former_print ? former_print(level, format, arguments) : 0;
    char line[512];
    std::vsnprintf(line, sizeof line, format, arguments);
    *collected += line;
    return 0;
}

ssize_t collect_line(void *, const char *text, size_t size) {
    if (collected != nullptr) {
        collected->append(text, size);
    } else if (former_stream != nullptr) {
        std::fwrite(text, 1, size, former_stream);
        std::fflush(former_stream);
    }
    return static_cast<ssize_t>(size);
}

/// Never closed: another thread may still be writing to it when the former stream is back. Without
/// a buffer, so that what is written is handed on by the thread that wrote it.
FILE *collecting_stream() {
    static FILE *stream = [] {
        FILE *opened = fopencookie(nullptr, "w", {.write = collect_line});
        assert(opened != nullptr);
        std::setvbuf(opened, nullptr, _IONBF, 0);
        return opened;
    }();
    return stream;
}

} // namespace

LibraryLog::LibraryLog() : lock_(mutex) {
    collected = &text_;
    former_print = libbpf_set_print(collect_print);
    former_stream = rte_log_get_stream();
    rte_openlog_stream(collecting_stream());
}

LibraryLog::~LibraryLog() {
    // Null is DPDK's word for its default, which is stderr before EAL runs.
    rte_openlog_stream(former_stream == stderr ? nullptr : former_stream);
    libbpf_set_print(former_print);
    collected = nullptr;
}

} // namespace lagg::bpf
