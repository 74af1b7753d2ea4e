#include "laggd/api_path.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace lagg::daemon {

namespace {

/// A directory only this user writes to; made when it is not there.
bool is_private_directory(const std::string &path) {
    mkdir(path.c_str(), 0700);
    struct stat about {};
    return lstat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == getuid() &&
           (about.st_mode & 022) == 0;
}

} // namespace

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

} // namespace lagg::daemon
