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

class Traffic {
  public:
    Traffic(Kind kind, unsigned flows);
    ~Traffic();
    Traffic(const Traffic &) = delete;
    Traffic &operator=(const Traffic &) = delete;

    /// The kPackets frames of the next pass: they carry the next flows, in a random order that is
    /// the same in every run.
    std::vector<rte_mbuf *> &next();
    /// Takes the headers out of the caches.
    void cool() const;
    uint16_t octets() const { return octets_; } ///< of one frame

  private:
    void write_flow(rte_mbuf *frame, uint32_t flow) const;
    Kind kind_;
    unsigned flows_;
    uint32_t sent_ = 0;
    uint16_t octets_ = 0;
    std::vector<uint32_t> order_;
    std::vector<rte_mbuf *> frames_;
    std::vector<rte_mbuf *> pass_; ///< what a driver may reorder
};

} // namespace lagg::bench
