#include "bench/engine/ring_circuit.hh"

#include "bench/engine/frames.hh"

#include <rte_bus_vdev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace lagg::bench {

namespace {

rte_ring *make_ring(unsigned frames) {
    static unsigned made = 0; // names of rings are global in DPDK
    const std::string name = "circuit_" + std::to_string(made++);
    // A ring holds one frame less than its size.
    rte_ring *ring = rte_ring_create(name.c_str(), std::bit_ceil(frames + 1), SOCKET_ID_ANY,
                                     RING_F_SP_ENQ | RING_F_SC_DEQ);
    if (ring == nullptr) give_up("there is no memory for a ring of " + std::to_string(frames));
    return ring;
}

rte_mbuf *make_buffer(const Frame &bytes, rte_mempool *pool) {
    rte_mbuf *frame = rte_pktmbuf_alloc(pool);
    if (frame == nullptr) give_up("there are not enough packet buffers; ask for fewer frames");
    std::memcpy(rte_pktmbuf_append(frame, kFrameBytes), bytes.data(), bytes.size());
    return frame;
}

} // namespace

void give_up(const std::string &why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    std::exit(1);
}

RingCircuit::RingCircuit(unsigned queues, unsigned frames) : frames_(frames) {
    for (unsigned queue = 0; queue < queues; ++queue) {
        down_.push_back(make_ring(frames));
        up_.push_back(make_ring(frames));
    }
}

RingCircuit::~RingCircuit() {
    drain();
    for (const auto *rings : {&down_, &up_})
        for (rte_ring *ring : *rings)
            rte_ring_free(ring);
}

void RingCircuit::fill(bool down, bool up, rte_mempool *pool) {
    const std::vector<Frame> bytes = make_frames(frames_);
    const auto fill_all = [&](const std::vector<rte_ring *> &rings) {
        for (rte_ring *ring : rings) {
            std::vector<void *> buffers;
            for (const Frame &one : bytes)
                buffers.push_back(make_buffer(one, pool));
            if (rte_ring_enqueue_bulk(ring, buffers.data(), frames_, nullptr) == 0)
                give_up("a ring is not empty that should be filled");
            filled_ += frames_;
        }
    };
    if (down) fill_all(down_);
    if (up) fill_all(up_);
}

bool RingCircuit::drain() {
    size_t taken = 0;
    for (const auto *rings : {&down_, &up_})
        for (rte_ring *ring : *rings) {
            void *frame = nullptr;
            while (rte_ring_dequeue(ring, &frame) == 0) {
                rte_pktmbuf_free(static_cast<rte_mbuf *>(frame));
                ++taken;
            }
        }
    const bool whole = taken == filled_;
    filled_ = 0;
    return whole;
}

RingDevice::RingDevice(const std::string &name, const DeviceRings &rings)
    : name_("net_ring_" + name) { // what the driver makes of the name
    const int made = rte_eth_from_rings(
        name.c_str(), rings.receive.data(), static_cast<unsigned>(rings.receive.size()),
        rings.send.data(), static_cast<unsigned>(rings.send.size()), 0);
    if (made < 0) give_up("DPDK makes no device of rings: " + std::string(rte_strerror(rte_errno)));
    id_ = static_cast<uint16_t>(made);
}

RingDevice::~RingDevice() {
    rte_vdev_uninit(name_.c_str());
}

} // namespace lagg::bench
