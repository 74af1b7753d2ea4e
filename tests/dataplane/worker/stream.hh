// Traffic that goes on while a test changes something, and that notices what is lost or overtaken.
#pragma once

#include "tests/dataplane/worker/bench.hh"

#include <cstdint>
#include <thread>
#include <vector>

namespace lagg::worker {

/// Makes a receive queue slow: each burst costs its worker a while.
inline uint16_t dawdle(uint16_t, uint16_t, rte_mbuf **, uint16_t count, uint16_t, void *) {
    if (count != 0) std::this_thread::sleep_for(100us);
    return count;
}

/// A client that sends without a pause, with a bounded number of frames on their way, and looks at
/// every frame that comes out at the other end.
class Stream {
  public:
    Stream(Bench &bench, uint32_t flows, unsigned queues)
        : bench_(bench), flows_(flows), queues_(queues), next_(flows, 0) {}

    void send_until(uint32_t number) {
        while (sent_ < number) {
            for (int i = 0; i < 64 && sent_ < number && sent_ - came_ < kInFlight; ++i) {
                const uint32_t flow = sent_ % flows_;
                ASSERT_TRUE(bench_.send(A, {.flow = flow, .number = sent_}, flow % queues_));
                ++sent_;
            }
            receive();
        }
    }
    /// False when some frames never came.
    bool finish() {
        return Bench::wait_until([&] {
            receive();
            return came_ == sent_;
        });
    }
    uint32_t overtaken = 0;

  private:
    static constexpr uint32_t kInFlight = 900;

    void receive() {
        for (const Tag &tag : bench_.receive(B)) {
            ++came_;
            // A flow's numbers go up by the number of flows; less is old or double.
            if (tag.number < next_[tag.flow]) ++overtaken;
            next_[tag.flow] = tag.number + 1;
        }
    }

    Bench &bench_;
    uint32_t flows_;
    unsigned queues_;
    std::vector<uint32_t> next_;
    uint32_t sent_ = 0;
    uint32_t came_ = 0;
};

} // namespace lagg::worker
