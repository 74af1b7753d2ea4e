#include "tests/dataplane/worker/ring_device.hh"

#include "tests/dataplane/worker/tsan_edges.hh"

#include <rte_bus_vdev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <gtest/gtest.h>

namespace lagg::worker {

namespace {

/// Names of rings are global in DPDK.
std::string unique_ring_name() {
    static unsigned made = 0;
    return "test_ring_" + std::to_string(made++);
}

std::vector<rte_ring *> pointers(const std::vector<Ring *> &rings) {
    std::vector<rte_ring *> all;
    for (const Ring *ring : rings)
        all.push_back(ring->get());
    return all;
}

} // namespace

Ring::Ring(unsigned size)
    : ring_(rte_ring_create(unique_ring_name().c_str(), size, SOCKET_ID_ANY, 0)) {
    if (ring_ == nullptr) throw std::runtime_error("no memory for a ring");
}

Ring::~Ring() {
    while (rte_mbuf *frame = pop())
        rte_pktmbuf_free(frame);
    rte_ring_free(ring_);
}

bool Ring::push(rte_mbuf *frame) {
    hand_over(ring_);
    if (rte_ring_enqueue(ring_, frame) == 0) return true;
    rte_pktmbuf_free(frame);
    return false;
}

bool Ring::push_all(const std::vector<rte_mbuf *> &frames) {
    hand_over(ring_);
    const auto count = static_cast<unsigned>(frames.size());
    if (rte_ring_enqueue_bulk(ring_, reinterpret_cast<void *const *>(frames.data()), count,
                              nullptr) == count)
        return true;
    for (rte_mbuf *frame : frames)
        rte_pktmbuf_free(frame);
    return false;
}

rte_mbuf *Ring::pop() {
    void *frame = nullptr;
    if (rte_ring_dequeue(ring_, &frame) != 0) return nullptr;
    take_over(ring_);
    return static_cast<rte_mbuf *>(frame);
}

unsigned Ring::count() const {
    return rte_ring_count(ring_);
}

RingDevice::RingDevice(const std::string &name, const std::vector<Ring *> &receive,
                       const std::vector<Ring *> &send,
                       const port::PacketPool &pool)
    : vdev_("net_ring_" + name) { // what the driver makes of the name
    const std::vector<rte_ring *> in = pointers(receive);
    const std::vector<rte_ring *> out = pointers(send);
    if (rte_eth_from_rings(name.c_str(), in.data(), static_cast<unsigned>(in.size()), out.data(),
                           static_cast<unsigned>(out.size()), 0) < 0)
        throw std::runtime_error("DPDK makes no device of rings");
    port::OpenOptions options;
    options.name = name;
    options.device.name = vdev_;
    options.device.driver = "net_ring";
    options.queues = static_cast<uint16_t>(in.size());
    Result<std::unique_ptr<port::Port>> opened = port::Port::open(options, pool);
    if (!opened) throw std::runtime_error(opened.error().message);
    port_ = std::move(*opened);
    EXPECT_EQ(port_->queues(), in.size());
    for (uint16_t queue = 0; queue < port_->queues(); ++queue)
        watch_queue(id(), queue, in[queue], out[queue]);
    if (const Result<void> started = port_->start(); !started)
        throw std::runtime_error(started.error().message);
}

RingDevice::~RingDevice() {
    port_.reset();
    rte_vdev_uninit(vdev_.c_str());
}

void RingDevice::set_link(bool up) {
    if (up)
        rte_eth_dev_set_link_up(id());
    else
        rte_eth_dev_set_link_down(id());
}

} // namespace lagg::worker
