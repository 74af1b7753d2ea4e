// Ethernet devices without hardware: what is sent goes into a ring, what is received comes out of
// one. Two devices that share rings crosswise are joined by a cable.
#pragma once

#include "dataplane/port/port.hh"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct rte_mbuf;
struct rte_ring;

namespace lagg::worker {

/// One direction of a cable, or of the way between a lagg and its client.
class Ring {
  public:
    /// Holds one frame less than `size`, a power of two.
    explicit Ring(unsigned size);
    /// Frees the frames left in it.
    ~Ring();
    Ring(const Ring &) = delete;
    Ring &operator=(const Ring &) = delete;

    /// Takes the frame over, or frees it where there is no room.
    bool push(rte_mbuf *frame);
    /// All at once, or none of them, which are freed then.
    bool push_all(const std::vector<rte_mbuf *> &frames);
    /// Null when empty.
    rte_mbuf *pop();
    unsigned count() const;
    rte_ring *get() const { return ring_; }

  private:
    rte_ring *ring_;
};

/// Exists in DPDK for as long as this object does, and is open as a port all that time.
class RingDevice {
  public:
    /// A queue for every ring; as many to receive from as to send into.
    RingDevice(const std::string &name, const std::vector<Ring *> &receive,
               const std::vector<Ring *> &send, const port::PacketPool &pool);
    ~RingDevice();
    RingDevice(const RingDevice &) = delete;
    RingDevice &operator=(const RingDevice &) = delete;

    port::Port &port() { return *port_; }
    port::DeviceId id() const { return port_->device(); }
    void set_link(bool up);

  private:
    std::string vdev_;
    std::unique_ptr<port::Port> port_;
};

} // namespace lagg::worker
