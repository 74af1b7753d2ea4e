// Members that have something to say: they hand out the same frames over and over, and keep the
// time of every pass over them, so that whoever polls them is measured from the outside.
#pragma once

#include "bench/program.hh"
#include "bench/traffic.hh"

#include <cstdint>
#include <functional>

struct rte_mbuf;

namespace lagg::bench {

class Replay {
  public:
    /// Members have `burst` frames at a time, and less only at the end of a pass. `stop` is called
    /// when enough passes are measured.
    Replay(Traffic &traffic, unsigned burst, bool hot, std::function<void()> stop);
    ~Replay();
    Replay(const Replay &) = delete;
    Replay &operator=(const Replay &) = delete;

    /// Puts it behind the receive queues of the first `members` sinks; starting a device undoes it.
    void arm(unsigned members);
    bool ended() const { return ended_; }
    /// All that were handed out, also those of the passes before anything was measured.
    uint64_t packets() const { return packets_; }
    Passes &passes() { return passes_; }

  private:
    static uint16_t receive(void *queue, rte_mbuf **frames, uint16_t most);
    uint16_t take(rte_mbuf **frames, uint16_t most);
    void begin_pass();
    bool end_pass();

    Traffic &traffic_;
    unsigned burst_;
    bool hot_;
    std::function<void()> stop_;
    rte_mbuf **next_ = nullptr;
    rte_mbuf **end_ = nullptr;
    bool running_ = false; ///< a pass has begun and not ended
    bool ended_ = false;
    unsigned warm_up_;
    uint64_t packets_ = 0;
    uint64_t begun_ = 0; ///< TSC
    Passes passes_;
};

} // namespace lagg::bench
