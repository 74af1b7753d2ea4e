#include "bench/failover/waiting.hh"

#include <filesystem>
#include <fstream>

namespace lagg::bench {

Nanoseconds waited_for_core() {
    Nanoseconds sum = 0;
    std::error_code none;
    for (const auto &task : std::filesystem::directory_iterator("/proc/self/task", none)) {
        std::ifstream file(task.path() / "schedstat");
        Nanoseconds ran = 0, waited = 0;
        if (file >> ran >> waited) sum += waited;
    }
    return sum;
}

} // namespace lagg::bench
