// A listening Unix socket as a daemon needs it: a dead predecessor's file is replaced, a living one
// is not robbed, and nobody gets in before the permissions are set.
#pragma once

#include "dataplane/base/result.hh"

#include <cstddef>
#include <string>
#include <sys/types.h>
#include <utility>

namespace lagg::api {

/// Owns the descriptor and the file.
class UnixSocket {
  public:
    /// Binds and listens on `path`, non-blocking and close-on-exec, mode 0660, group lagg where
    /// that group exists and the process may give files to it. The directory is created if missing.
    static Result<UnixSocket> listen(const std::string &path);

    UnixSocket(UnixSocket &&other) noexcept;
    /// Closes what this had, whose file somebody else removed.
    UnixSocket &operator=(UnixSocket &&other) noexcept;
    /// Closes, and removes the file if it is still the one that was made here.
    ~UnixSocket();

    int fd() const { return fd_; }
    const std::string &path() const { return path_; }
    /// Whether clients still find it by its path.
    bool in_place() const;

  private:
    UnixSocket(int fd, std::string path, dev_t device, ino_t inode)
        : fd_(fd), path_(std::move(path)), device_(device), inode_(inode) {}

    int fd_;
    std::string path_; ///< empty once moved from
    dev_t device_;
    ino_t inode_;
};

/// Connections that this process has accepted on a socket of that path and not closed. A number
/// beyond any limit when it cannot look.
size_t count_connections(const std::string &path);

} // namespace lagg::api
