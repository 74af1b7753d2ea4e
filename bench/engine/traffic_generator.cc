// The other end of an engine's ports: sends frames of many flows into some devices as fast as these
// take them, and takes away whatever comes out of others. It runs on one core, beside the engine
// under test, until it gets SIGTERM.
//
//   traffic_generator EAL-ARGUMENTS -- FLOWS send DEVICE... take DEVICE...
//
// DEVICE is DPDK's name, as net_memif0. Prints "running" when every link is up, and at the end how
// many frames went each way, and how many of its bursts found no room: those are the times when the
// engine was the slower side.
#include "bench/engine/frames.hh"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include <chrono>
#include <cinttypes>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace lagg::bench {
namespace {

constexpr uint16_t kBurst = 32;
constexpr uint16_t kDescriptors = 1024;
constexpr uint32_t kBuffers = 16384;
constexpr uint32_t kCacheBuffers = 256;

volatile std::sig_atomic_t told_to_end = 0;

struct Plan {
    unsigned flows = 0;
    std::vector<uint16_t> send;
    std::vector<uint16_t> take;
};

[[noreturn]] void fail(const std::string &why) {
    std::fprintf(stderr, "traffic_generator: %s\n", why.c_str());
    std::exit(1);
}

void must(int code, const std::string &what) {
    if (code < 0) fail(what + ": " + rte_strerror(-code));
}

Plan read_plan(int argc, char **argv) {
    if (argc < 3)
        fail("usage: traffic_generator EAL-ARGUMENTS -- FLOWS send DEVICE... take DEVICE...");
    Plan plan;
    plan.flows = static_cast<unsigned>(std::atoi(argv[1]));
    std::vector<uint16_t> *list = nullptr;
    for (int i = 2; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "send" || word == "take") {
            list = word == "send" ? &plan.send : &plan.take;
            continue;
        }
        uint16_t device = 0;
        if (list == nullptr || rte_eth_dev_get_port_by_name(argv[i], &device) != 0)
            fail("there is no device '" + std::string(word) + "'; name one of the --vdev");
        list->push_back(device);
    }
    if (plan.flows == 0) fail("FLOWS is at least 1");
    return plan;
}

rte_mempool *make_pool(const char *name) {
    rte_mempool *pool = rte_pktmbuf_pool_create(name, kBuffers, kCacheBuffers, 0,
                                                RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
    if (pool == nullptr) fail("there is no memory for packet buffers");
    return pool;
}

/// Every buffer of the pool holds its frame for good: devices read what they send and leave it as
/// it is, so that sending costs no writing of bytes.
void write_frames(rte_mempool *pool, const std::vector<Frame> &frames) {
    rte_mempool_obj_iter(
        pool,
        [](rte_mempool *, void *all, void *object, unsigned index) {
            const auto &source = *static_cast<const std::vector<Frame> *>(all);
            auto *buffer = static_cast<rte_mbuf *>(object);
            std::memcpy(static_cast<char *>(buffer->buf_addr) + RTE_PKTMBUF_HEADROOM,
                        source[index % source.size()].data(), kFrameBytes);
        },
        const_cast<std::vector<Frame> *>(&frames));
}

void start(uint16_t device, rte_mempool *pool) {
    rte_eth_conf conf{};
    uint16_t receive = kDescriptors, transmit = kDescriptors;
    must(rte_eth_dev_configure(device, 1, 1, &conf), "a device is not configured");
    must(rte_eth_dev_adjust_nb_rx_tx_desc(device, &receive, &transmit), "no such descriptors");
    must(rte_eth_rx_queue_setup(device, 0, receive, 0, nullptr, pool), "no receive queue");
    must(rte_eth_tx_queue_setup(device, 0, transmit, 0, nullptr), "no transmit queue");
    must(rte_eth_dev_start(device), "a device is not started");
}

void wait_for_links(const std::vector<uint16_t> &devices) {
    for (const uint16_t device : devices) {
        rte_eth_link link{};
        while (!told_to_end &&
               (rte_eth_link_get_nowait(device, &link) < 0 || link.link_status != RTE_ETH_LINK_UP))
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

uint16_t send_burst(uint16_t device, rte_mempool *pool) {
    rte_mbuf *frames[kBurst];
    if (rte_pktmbuf_alloc_bulk(pool, frames, kBurst) != 0) return 0; // all are on their way
    for (rte_mbuf *frame : frames)
        frame->data_len = static_cast<uint16_t>(frame->pkt_len = kFrameBytes);
    const uint16_t taken = rte_eth_tx_burst(device, 0, frames, kBurst);
    if (taken < kBurst) rte_pktmbuf_free_bulk(frames + taken, kBurst - taken);
    return taken;
}

uint16_t take_burst(uint16_t device) {
    rte_mbuf *frames[kBurst];
    const uint16_t count = rte_eth_rx_burst(device, 0, frames, kBurst);
    if (count != 0) rte_pktmbuf_free_bulk(frames, count);
    return count;
}

/// Takes first and until nothing is left, so that what limits is never the room at the far end.
void run(const Plan &plan, rte_mempool *pool) {
    uint64_t sent = 0, took = 0, bursts_sent = 0, refused = 0;
    while (!told_to_end) {
        for (const uint16_t device : plan.take)
            for (int bursts = 0; bursts < 8; ++bursts) {
                const uint16_t count = take_burst(device);
                took += count;
                if (count < kBurst) break;
            }
        for (const uint16_t device : plan.send) {
            const uint16_t count = send_burst(device, pool);
            sent += count;
            ++bursts_sent;
            refused += count < kBurst ? 1 : 0;
        }
    }
    std::printf("sent %" PRIu64 ", took %" PRIu64 ", refused %" PRIu64 " of %" PRIu64 " bursts\n",
                sent, took, refused, bursts_sent);
    std::fflush(stdout);
}

int main(int argc, char **argv) {
    const int used = rte_eal_init(argc, argv);
    if (used < 0) fail("DPDK does not start; see what it says above");
    const Plan plan = read_plan(argc - used, argv + used);
    for (const int signal : {SIGTERM, SIGINT})
        std::signal(signal, [](int) { told_to_end = 1; });
    rte_mempool *to_send = make_pool("to_send");
    rte_mempool *to_take = make_pool("to_take");
    const std::vector<Frame> frames = make_frames(plan.flows);
    write_frames(to_send, frames);
    std::vector<uint16_t> devices = plan.send;
    devices.insert(devices.end(), plan.take.begin(), plan.take.end());
    for (const uint16_t device : devices)
        start(device, to_take);
    wait_for_links(devices);
    std::puts("running");
    std::fflush(stdout);
    run(plan, to_send);
    for (const uint16_t device : devices)
        rte_eth_dev_stop(device);
    rte_eal_cleanup();
    return 0;
}

} // namespace
} // namespace lagg::bench

int main(int argc, char **argv) {
    return lagg::bench::main(argc, argv);
}
