// The object of the ring benchmarks: an engine that forwards between an upper device and members
// until it is stopped. One engine runs at a time, and each has devices of its own over the same
// rings.
#pragma once

#include "bench/engine/ring_circuit.hh"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace lagg::port {
class PacketPool;
}

namespace lagg::bench {

inline constexpr unsigned kMembers = 4;

class Engine {
  public:
    virtual ~Engine() = default;
    /// Returns when packets would flow: one worker on each of the lcores, each with a queue of its
    /// own.
    virtual void start(const std::vector<unsigned> &lcores) = 0;
    /// Frames sent so far, in both directions together.
    virtual uint64_t packets() const = 0;
    virtual void stop() = 0;
    /// DPDK's number of a member's device.
    virtual uint16_t member_device(unsigned member) const = 0;
};

enum class LaggdProtocol { LOADBALANCE, FAILOVER };
/// laggd's own workers and protocol thread, with hash "layer3+4". `prefix` begins the names of its
/// devices. Where `watched` is true, links of members are watched as those of NICs are: asked after
/// by a thread each, and at once when a device tells.
std::unique_ptr<Engine> make_laggd(const std::string &prefix, const EngineRings &rings,
                                   const port::PacketPool &pool,
                                   LaggdProtocol protocol = LaggdProtocol::LOADBALANCE,
                                   bool watched = false);
/// The number is DPDK's.
enum class BondingMode {
    ACTIVE_BACKUP = 1,
    BALANCE = 2, ///< looks at no frame that comes from a member
    LACP = 4,    ///< looks, as laggd does, whether it is one of a slow protocol
};
/// DPDK's bonding driver with xmit_policy l34, and a loop that forwards between it and the upper
/// device as testpmd's io mode does. With LACP every member is told to collect and to distribute.
/// The driver sends no LACPDU then, which else would go round in the rings for ever.
std::unique_ptr<Engine> make_net_bonding(BondingMode mode, const std::string &prefix,
                                         const EngineRings &rings, const port::PacketPool &pool);

} // namespace lagg::bench
