#include "laggd/descriptors.hh"

#include "control/api/server.hh"
#include "control/host/check.hh"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

namespace lagg::daemon {

Result<void> make_room_for_files(const config::Config &config) {
    const rlim_t needed =
        host::descriptors_needed(config) + api::Limits{}.clients + api::Limits{}.refused;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return {};
    if (limit.rlim_max < needed)
        return Error{fmt::format("the ports and laggs need {} open files, and the limit is {}; "
                                 "raise LimitNOFILE= of the service, or `ulimit -n`",
                                 needed, limit.rlim_max)};
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        spdlog::info("up to {} files may be open, instead of {}", needed, before);
    return {};
}

} // namespace lagg::daemon
