// The order matters: bind, permissions, listen. A bound socket that does not listen yet refuses
// connections, so the moment between bind and chmod lets nobody in, and no umask (which belongs to
// the whole process) has to be changed.
#include "control/api/unix_socket.hh"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <grp.h>
#include <limits>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace lagg::api {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kMode = 0660;
constexpr const char *kGroup = "lagg";

Error failure(const std::string &path, const std::string &what, int error_number) {
    return {"API socket " + path + ": " + what + ": " +
            std::generic_category().message(error_number)};
}

// Closes on every early return; release() hands the descriptor on.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

  private:
    int fd_;
};

int new_socket() {
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

const sockaddr *generic(const sockaddr_un &address) {
    return reinterpret_cast<const sockaddr *>(&address);
}

std::optional<sockaddr_un> address_of(const std::string &path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

// The process that listens at the other end, as " (pid 123)"; empty when the kernel does not tell.
std::string listener_pid(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.pid <= 0) return {};
    return " (pid " + std::to_string(peer.pid) + ")";
}

// Removes what a dead daemon left at `path`. Only a refused connection proves that it is dead: a
// full backlog (EAGAIN) is a daemon too busy to answer.
Result<void> remove_stale(const std::string &path, const sockaddr_un &address) {
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0)
        return errno == ENOENT ? Result<void>() : failure(path, "cannot be examined", errno);
    if (!S_ISSOCK(file.st_mode))
        return Error{"API socket " + path +
                     ": a file that is not a socket is in its place; remove it or set "
                     "daemon.api to another path"};
    const Descriptor probe(new_socket());
    if (probe.get() < 0) return failure(path, "cannot make a socket", errno);
    if (connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN)
        return Error{"API socket " + path + ": a daemon" + listener_pid(probe.get()) +
                     " is listening on it; stop it or set daemon.api to another path"};
    if (errno != ECONNREFUSED && errno != ENOENT)
        return failure(path, "cannot find out whether a daemon is listening on it", errno);
    if (unlink(path.c_str()) != 0 && errno != ENOENT)
        return failure(path, "cannot remove the socket a dead daemon left", errno);
    return {};
}

std::optional<gid_t> group_id(const char *name) {
    group entry{};
    group *found = nullptr;
    std::array<char, 16384> strings{};
    if (getgrnam_r(name, &entry, strings.data(), strings.size(), &found) != 0 || !found)
        return std::nullopt;
    return found->gr_gid;
}

Result<void> set_permissions(const std::string &path) {
    if (chmod(path.c_str(), kMode) != 0) return failure(path, "cannot set its mode to 0660", errno);
    // A daemon started by an ordinary user outside the group serves that user alone.
    if (const auto group = group_id(kGroup);
        group && chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0 && errno != EPERM)
        return failure(path, std::string("cannot give it to group ") + kGroup, errno);
    return {};
}

} // namespace

Result<UnixSocket> UnixSocket::listen(const std::string &path) {
    const auto address = address_of(path);
    if (!address)
        return Error{"API socket \"" + path + "\": a socket path has 1 to " +
                     std::to_string(sizeof sockaddr_un::sun_path - 1) + " characters"};
    std::error_code no_directory;
    const auto directory = std::filesystem::path(path).parent_path();
    if (!directory.empty()) std::filesystem::create_directories(directory, no_directory);
    if (no_directory) return failure(path, "cannot make its directory", no_directory.value());
    if (auto removed = remove_stale(path, *address); !removed) return removed.error();

    Descriptor descriptor(new_socket());
    if (descriptor.get() < 0 || bind(descriptor.get(), generic(*address), sizeof *address) != 0)
        return failure(path, "cannot bind", errno);
    struct stat file {};
    if (lstat(path.c_str(), &file) != 0) return failure(path, "vanished while it was made", errno);
    UnixSocket made(descriptor.release(), path, file.st_dev, file.st_ino);
    if (auto permitted = set_permissions(path); !permitted) return permitted.error();
    if (::listen(made.fd(), kBacklog) != 0) return failure(path, "cannot listen", errno);
    return made;
}

UnixSocket::UnixSocket(UnixSocket &&other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::exchange(other.path_, {})),
      device_(other.device_), inode_(other.inode_) {}

UnixSocket &UnixSocket::operator=(UnixSocket &&other) noexcept {
    // The file is not removed: a new one in its place may have its inode's number.
    if (fd_ >= 0) close(fd_);
    fd_ = std::exchange(other.fd_, -1);
    path_ = std::exchange(other.path_, {});
    device_ = other.device_;
    inode_ = other.inode_;
    return *this;
}

bool UnixSocket::in_place() const {
    struct stat file {};
    return !path_.empty() && lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ &&
           file.st_ino == inode_;
}

UnixSocket::~UnixSocket() {
    if (fd_ >= 0) close(fd_);
    if (in_place()) unlink(path_.c_str());
}

size_t count_connections(const std::string &path) {
    size_t count = 0;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd", error)) {
        const std::string name = entry.path().filename();
        int fd = -1;
        std::from_chars(name.data(), name.data() + name.size(), fd);
        sockaddr_un address{};
        socklen_t size = sizeof address;
        int listens = 0;
        socklen_t listens_size = sizeof listens;
        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) == 0 &&
            listens == 0 && getsockname(fd, reinterpret_cast<sockaddr *>(&address), &size) == 0 &&
            address.sun_family == AF_UNIX && path == address.sun_path)
            ++count;
    }
    return error ? std::numeric_limits<size_t>::max() : count;
}

} // namespace lagg::api
