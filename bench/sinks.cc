#include "bench/sinks.hh"

#include <rte_bus_vdev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

namespace lagg::bench {

namespace {

/// State of a sink; its transmit function gets it in the place of the queue.
struct alignas(64) Count {
    uint64_t packets;
};
Count counts[RTE_MAX_ETHPORTS];
void *queues[RTE_MAX_ETHPORTS][1];
void *receive_queues[RTE_MAX_ETHPORTS][1];

constexpr unsigned kPoolFrames = 16383;
constexpr unsigned kPoolCache = 512;
constexpr uint16_t kRoom = 512; ///< octets of a frame, and the headroom

uint16_t count_only(void *queue, rte_mbuf **, uint16_t packets) {
    static_cast<Count *>(queue)->packets += packets;
    return packets;
}

uint16_t count_and_free(void *queue, rte_mbuf **frames, uint16_t packets) {
    rte_pktmbuf_free_bulk(frames, packets);
    return count_only(queue, frames, packets);
}

uint16_t nothing(void *, rte_mbuf **, uint16_t) {
    return 0;
}

[[noreturn]] void give_up(const char *what) {
    std::fprintf(stderr, "%s: %s\n", what, rte_strerror(rte_errno));
    std::exit(1);
}

bool has_huge_pages() {
    std::ifstream file("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
    unsigned free = 0;
    return file >> free && free >= 64;
}

void configure(uint16_t device) {
    const rte_eth_conf conf{};
    if (rte_eth_dev_configure(device, 1, 1, &conf) != 0 ||
        rte_eth_rx_queue_setup(device, 0, 64, SOCKET_ID_ANY, nullptr, frame_pool()) != 0 ||
        rte_eth_tx_queue_setup(device, 0, 64, SOCKET_ID_ANY, nullptr) != 0 ||
        rte_eth_dev_start(device) != 0)
        give_up("a sink does not start");
}

} // namespace

void start_dpdk() {
    static bool started = false;
    if (started) return;
    started = true;
    std::vector<std::string> words{"bench", "--no-pci", "--no-shconf", "--log-level=error",
                                   "-l",    "0"};
    for (const char *word : has_huge_pages() ? std::vector<const char *>{"--in-memory"}
                                             : std::vector<const char *>{"--no-huge", "-m", "256"})
        words.emplace_back(word);
    std::vector<char *> argv;
    for (std::string &word : words)
        argv.push_back(word.data());
    if (rte_eal_init(static_cast<int>(argv.size()), argv.data()) < 0) give_up("EAL");
}

rte_mempool *frame_pool() {
    static rte_mempool *pool = [] {
        start_dpdk();
        rte_mempool *made = rte_pktmbuf_pool_create("bench_frames", kPoolFrames, kPoolCache, 0,
                                                    kRoom, SOCKET_ID_ANY);
        if (made == nullptr) give_up("no memory for frames");
        return made;
    }();
    return pool;
}

Sinks::Sinks() {
    start_dpdk();
    for (unsigned i = 0; i < kMostSinks; i++) {
        const std::string name = "net_null" + std::to_string(i);
        uint16_t device = 0;
        if (rte_vdev_init(name.c_str(), "no-rx=1") != 0 ||
            rte_eth_dev_get_port_by_name(name.c_str(), &device) != 0)
            give_up("no sink");
        devices_.push_back(device);
        configure(device);
    }
    arm();
}

Sinks &Sinks::get() {
    static Sinks sinks;
    return sinks;
}

void Sinks::arm() {
    for (const uint16_t device : devices_) {
        queues[device][0] = &counts[device];
        rte_eth_fp_ops[device].tx_pkt_burst = count_only;
        rte_eth_fp_ops[device].txq.data = queues[device];
    }
    receive_from(kMostSinks, nothing, nullptr);
}

void Sinks::free_what_is_sent() {
    for (const uint16_t device : devices_)
        rte_eth_fp_ops[device].tx_pkt_burst = count_and_free;
}

void Sinks::receive_from(unsigned members, Receive receive, void *queue) {
    for (unsigned i = 0; i < members; i++) {
        const uint16_t device = devices_[i];
        receive_queues[device][0] = queue;
        rte_eth_fp_ops[device].rx_pkt_burst = receive;
        rte_eth_fp_ops[device].rxq.data = receive_queues[device];
    }
}

uint64_t Sinks::packets(unsigned index) const {
    return counts[devices_[index]].packets;
}

void Sinks::clear() {
    for (Count &count : counts)
        count.packets = 0;
}

} // namespace lagg::bench
