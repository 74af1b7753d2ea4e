// How many packet buffers a configuration needs: what rings of devices and threads can keep of them
// at the same time. With fewer the rings of some ports keep what the others need.
#include "control/host/check_parts.hh"

#include <algorithm>
#include <string_view>

namespace lagg::host {

namespace {

constexpr uint32_t kDefaultDescriptors = 1024;
/// What a ring of net_ring holds; whatever end fills it, it is counted once.
constexpr uint32_t kRingFrames = 1024;
/// Where fewer are needed, so that ports can be added while the daemon runs.
constexpr uint32_t kFewestBuffers = 16384;
constexpr uint32_t kFewestSlowBuffers = 8192;
constexpr uint32_t kStep = 1024;

/// Drivers that copy: nothing stays in a ring of theirs but during a burst.
constexpr std::string_view kCopying[] = {"net_af_packet", "net_af_xdp", "net_null", "net_memif",
                                         "net_pcap",      "net_vhost",  "eth_vhost"};

bool copies(std::string_view device) {
    // With memif's zero-copy the other end has our buffers.
    if (device.find("zero-copy=yes") != std::string_view::npos) return false;
    return std::ranges::any_of(kCopying,
                               [&](std::string_view driver) { return device.starts_with(driver); });
}

/// A ring, which does not copy, leads no frames by their type.
bool may_have_slow_queue(std::string_view device) {
    return !copies(device) && !device.starts_with("net_ring");
}

void add_queue(const config::Port &port, port::PoolNeed &need) {
    const uint32_t descriptors = port.descriptors.value_or(kDefaultDescriptors);
    if (copies(port.device))
        need.add_queue(0, 0);
    else if (port.device.starts_with("net_ring"))
        need.add_queue(0, kRingFrames);
    else if (port.device.starts_with("net_tap"))
        need.add_queue(descriptors, 0); // it copies what it sends
    else
        need.add_queue(descriptors, descriptors);
}

uint32_t rounded_up(uint64_t buffers) {
    return static_cast<uint32_t>((buffers + kStep - 1) / kStep * kStep);
}

} // namespace

bool is_used(const config::Config &config, const std::string &port) {
    return std::ranges::any_of(config.laggs,
                               [&](const config::Lagg &lagg) { return uses_port(lagg, port); });
}

port::PoolNeed buffers_needed(const config::Config &config) {
    const size_t workers = std::max<size_t>(1, config.daemon.workers.size());
    port::PoolNeed need;
    for (const config::Port &port : config.ports)
        if (is_used(config, port.name) && may_have_slow_queue(port.device)) need.add_slow_queue();
    for (size_t worker = 0; worker < workers; ++worker) {
        need.add_worker();
        for (const config::Port &port : config.ports)
            if (is_used(config, port.name)) add_queue(port, need);
    }
    return need;
}

Pools pools_of(const config::Config &config) {
    const port::PoolNeed need = buffers_needed(config);
    const uint32_t wanted = std::max(kFewestBuffers, rounded_up(need.data));
    return {.data = config.daemon.buffers.value_or(wanted),
            .slow = std::max(kFewestSlowBuffers, rounded_up(need.slow))};
}

// A pool that receive rings alone can empty lets no frame in any more, LACPDUs least of all.
Finding check_buffers(const config::Config &config) {
    const std::string check = "buffers";
    const uint64_t needed = buffers_needed(config).data;
    const uint64_t there = pools_of(config).data;
    const std::string all = std::to_string(needed) + " packet buffers are needed";
    if (there >= needed) return fine(check, all + ", " + std::to_string(there) + " are made");
    return wrong(check,
                 "buffers = " + std::to_string(there) + ", and " + all +
                     " for the descriptors of all queues and what is in flight",
                 {"buffers = \"auto\" in [daemon]"});
}

} // namespace lagg::host
