// How many open files a configuration needs, counted rather too high: what is left over costs
// nothing, and one too few costs a port.
#include "control/host/check_parts.hh"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace lagg::host {

namespace {

/// EAL, the log, netlink, the threads' events, the API's socket, a recording, standard descriptors.
constexpr uint64_t kOfProcess = 96;
/// What is open for a moment, such as a file of /sys, and a port that is closed while its successor
/// opens.
constexpr uint64_t kReserve = 64;
/// Beside the queues: an owner's socket, a look at the device, what VFIO or a driver opens.
constexpr uint64_t kOfPort = 16;
/// Packet sockets to receive and to send; of the other drivers no more than that, and one for an
/// interrupt.
constexpr uint64_t kOfQueue = 3;
constexpr uint64_t kOfLagg = 4;
constexpr uint64_t kMostQueues = 64;

/// Queues that an argument of net_af_packet asks for, 0 without it.
uint64_t queue_pairs_of(std::string_view device) {
    constexpr std::string_view kKey = ",qpairs=";
    const size_t at = device.find(kKey);
    uint64_t queues = 0;
    if (at != std::string_view::npos)
        std::from_chars(device.data() + at + kKey.size(), device.data() + device.size(), queues);
    return std::min(queues, kMostQueues);
}

} // namespace

uint64_t descriptors_needed(const config::Config &config) {
    const uint64_t workers = std::max<size_t>(1, config.daemon.workers.size());
    uint64_t need = kOfProcess + kReserve;
    for (const config::Port &port : config.ports) {
        // One more for slow protocols.
        const uint64_t queues = std::max<uint64_t>(workers + 1, queue_pairs_of(port.device));
        if (is_used(config, port.name)) need += kOfPort + queues * kOfQueue;
    }
    return need + config.laggs.size() * (kOfLagg + workers);
}

} // namespace lagg::host
