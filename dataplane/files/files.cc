// Opening a FIFO waits for its other end, and opening a device can do things (a watchdog starts).
// So what is at a path is asked before it is opened, and asked again of what was opened.
#include "dataplane/files/files.hh"

#include "dataplane/files/system_error.hh"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace lagg {

namespace {

Error reason(int error_number) {
    return {reason_of(error_number)};
}

const char *kind(mode_t mode) {
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISLNK(mode)) return "a symbolic link";
    return "a device";
}

std::optional<Error> not_regular(const struct stat &file) {
    if (S_ISREG(file.st_mode)) return std::nullopt;
    return Error{std::string("it is ") + kind(file.st_mode) + " and not a regular file"};
}

std::string size_text(size_t bytes) {
    constexpr size_t kMib = size_t{1} << 20;
    return bytes % kMib == 0 ? std::to_string(bytes / kMib) + " MiB"
                             : std::to_string(bytes) + " octets";
}

/// Closes on every way out.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    int get() const { return fd_; }
    /// Some file systems tell only then that what was written did not fit.
    Result<void> close() {
        return ::close(std::exchange(fd_, -1)) == 0 ? Result<void>() : reason(errno);
    }

  private:
    int fd_;
};

Result<std::string> read_all(int fd, size_t most_bytes) {
    constexpr size_t kStep = size_t{64} << 10;
    std::string content;
    for (;;) {
        const size_t before = content.size();
        content.resize(before + kStep);
        const ssize_t got = ::read(fd, content.data() + before, kStep);
        if (got < 0 && errno != EINTR) return reason(errno);
        content.resize(before + static_cast<size_t>(std::max<ssize_t>(got, 0)));
        if (content.size() > most_bytes) return Error{"it has more than " + size_text(most_bytes)};
        if (got == 0) return content;
    }
}

/// A renamed file outlives a power cut only with its directory.
void sync_directory_of(const std::string &path) {
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    const Descriptor opened(
        ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened.get() >= 0) (void)::fsync(opened.get());
}

Result<void> write_new(const std::string &path, std::string_view content) {
    const Result<int> made = create_file(path);
    if (!made) return made.error();
    Descriptor file(*made);
    if (Result<void> written = write_all(file.get(), content); !written) return written;
    if (::fsync(file.get()) != 0) return reason(errno);
    return file.close();
}

} // namespace

Result<std::string> read_file(const std::string &path, size_t most_bytes) {
    struct stat about {};
    if (::stat(path.c_str(), &about) != 0) return reason(errno);
    if (const auto refused = not_regular(about)) return *refused;
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (file.get() < 0 || ::fstat(file.get(), &about) != 0) return reason(errno);
    if (const auto refused = not_regular(about)) return *refused;
    return read_all(file.get(), most_bytes);
}

Result<void> can_be_file(const std::string &path) {
    struct stat about {};
    if (::lstat(path.c_str(), &about) != 0) return errno == ENOENT ? Result<void>() : reason(errno);
    if (const auto refused = not_regular(about)) return *refused;
    return {};
}

Result<int> create_file(const std::string &path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0) return reason(errno);
    return fd;
}

Result<void> replace_file(const std::string &path, std::string_view content) {
    if (Result<void> possible = can_be_file(path); !possible) return possible;
    const std::string next = path + ".new";
    ::unlink(next.c_str()); // what a killed process left
    Result<void> done = write_new(next, content);
    if (done && ::rename(next.c_str(), path.c_str()) != 0) done = reason(errno);
    if (done)
        sync_directory_of(path);
    else
        ::unlink(next.c_str());
    return done;
}

void take_standard_descriptors() {
    // The lowest number that is free is taken.
    int fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO)
        fd = ::open("/dev/null", O_RDWR);
    if (fd >= 0) ::close(fd);
}

Result<void> write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno != EINTR) return reason(errno);
        content.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
    }
    return {};
}

} // namespace lagg
