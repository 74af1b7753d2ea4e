// Frames of our own leave whatever data does with the packet pool, and what does not leave is not
// counted as sent.
#include "tests/dataplane/worker/bench.hh"

#include <rte_mbuf.h>

namespace lagg::worker {

namespace {

/// Takes every buffer of the packet pool that this thread can get, as rings of many ports do.
class EmptyPool {
  public:
    explicit EmptyPool(const port::PacketPool &pool) {
        while (rte_mbuf *buffer = rte_pktmbuf_alloc(pool.get()))
            taken_.push_back(buffer);
    }
    ~EmptyPool() {
        for (rte_mbuf *buffer : taken_)
            rte_pktmbuf_free(buffer);
    }
    EmptyPool(const EmptyPool &) = delete;
    EmptyPool &operator=(const EmptyPool &) = delete;

  private:
    std::vector<rte_mbuf *> taken_;
};

/// Slow-protocol frames that are on the cable; takes everything off it.
unsigned slow_frames(Ring &cable, const rte_mempool *pool) {
    unsigned count = 0;
    while (rte_mbuf *frame = cable.pop()) {
        if (is_slow(frame)) {
            ++count;
            EXPECT_EQ(frame->pool, pool);
        }
        free_frame(frame);
    }
    return count;
}

const api::LacpPort &lacp_of(const api::Lagg &lagg) {
    return *lagg.ports.front().lacp;
}

} // namespace

TEST(OwnMemory, LacpdusLeaveWhenDataHasTakenThePacketPool) {
    Bench bench({.protocol = Protocol::LACP, .cables = 1, .two_laggs = false});
    slow_frames(bench.from_port(A, 0), bench.pool().slow());
    const EmptyPool empty(bench.pool());
    const uint64_t before = lacp_of(bench.describe(A)).counters.lacpdus_tx;
    bench.put_forward(std::chrono::seconds(2));
    EXPECT_TRUE(Bench::wait_until(
        [&] { return slow_frames(bench.from_port(A, 0), bench.pool().slow()) != 0; }));
    EXPECT_GT(lacp_of(bench.describe(A)).counters.lacpdus_tx, before);
    EXPECT_EQ(lacp_of(bench.describe(A)).lacpdus_unsent, 0u);
}

// Its driver gives all that it sent to the pool of the first frame.
TEST(OwnMemory, AFastFreeingDeviceIsGivenBuffersOfThePacketPoolAlone) {
    Bench bench(
        {.protocol = Protocol::LOADBALANCE, .cables = 1, .two_laggs = false, .frees_fast = true});
    slow_frames(bench.from_port(A, 0), bench.pool().get());
    const EmptyPool empty(bench.pool());
    std::vector<uint8_t> lacpdu(124);
    lacpdu[12] = 0x88;
    lacpdu[13] = 0x09;
    lacpdu[14] = 1;
    for (int i = 0; i < 3; ++i)
        bench.protocol().call([&](aggregation::Engine &engine, lacp::Time) {
            EXPECT_TRUE(engine.fleet().send_slow(bench.device(A, 0).id(), lacpdu));
        });
    EXPECT_TRUE(bench.wait_settled());
    EXPECT_EQ(slow_frames(bench.from_port(A, 0), bench.pool().get()), 3u);
}

TEST(OwnMemory, LacpdusThatADeviceDoesNotTakeAreNotCountedAsSent) {
    Bench bench({.protocol = Protocol::LACP, .cables = 1, .two_laggs = false, .cable_size = 4});
    for (int second = 0; second < 12; ++second) {
        bench.put_forward(std::chrono::seconds(1));
        EXPECT_TRUE(bench.wait_settled());
    }
    const api::LacpPort lacp = lacp_of(bench.describe(A));
    const uint64_t on_the_cable = slow_frames(bench.from_port(A, 0), bench.pool().slow());
    EXPECT_GT(lacp.lacpdus_unsent, 0u);
    // The oldest still waits for room.
    EXPECT_EQ(lacp.counters.lacpdus_tx, on_the_cable + 1);
}

} // namespace lagg::worker
