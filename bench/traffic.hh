// The packets of the benchmarks: so many flows of one kind, in buffers that stay.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct rte_mbuf;

namespace lagg::bench {

enum class Kind { IPV4, IPV6, VLAN, QINQ, VXLAN, FRAGMENTS, MIXED };
const char *to_text(Kind kind);

/// Packets that one pass of a benchmark sends.
inline constexpr unsigned kPackets = 1024;

/// Meaning of hot and cold. The buffers are the same in every pass, and so their headers (64 KB)
/// are hot: in the caches nearest to the core, as those of frames that a NIC has just put there.
/// More flows than buffers take turns: before a pass its frames are written anew, with the next
/// flows in them, and sent once without the clock, so that they are as hot as with one flow, and
/// what grows is the number of flows alone. Without that the row would pay for the writing: with
/// flows that stay the same it costs layer3+4 two cycles a packet of eleven. A branch predictor
/// that has learned 1024 flows by heart has seen these once. That no frame has been seen before, as
/// with buffers for a million flows, is cold: cool() takes the headers out of all caches.
class Traffic {
  public:
    Traffic(Kind kind, unsigned flows);
    /// Those frames, over and over; no longer than kRoomForCaptured.
    explicit Traffic(const std::vector<std::vector<uint8_t>> &frames);
    ~Traffic();
    Traffic(const Traffic &) = delete;
    Traffic &operator=(const Traffic &) = delete;

    /// The kPackets frames of the next pass: they carry the next flows, in a random order that is
    /// the same in every run.
    std::vector<rte_mbuf *> &next();
    /// The same frames once more, in their order.
    std::vector<rte_mbuf *> &again();
    /// Whether next() writes other flows into the frames.
    bool is_rewritten() const { return flows_ > kPackets; }
    void cool() const;
    /// Lengths of the frames of next(), as a worker reads them when it receives.
    const std::vector<uint16_t> &lengths() const { return lengths_; }
    uint16_t octets() const { return octets_; } ///< of a frame, on the average

  private:
    void take_buffers();
    void measure_frames();
    void write_flow(rte_mbuf *frame, uint32_t flow) const;
    Kind kind_ = Kind::IPV4;
    unsigned flows_ = 0;
    uint32_t sent_ = 0;
    uint16_t octets_ = 0;
    std::vector<uint32_t> order_;
    std::vector<rte_mbuf *> frames_;
    std::vector<uint16_t> lengths_;
    std::vector<rte_mbuf *> pass_; ///< what a driver may reorder
};

} // namespace lagg::bench
