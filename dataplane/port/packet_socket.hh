// Kernel-backed ports ("net_af_packet,iface=eth1") by packet sockets of our own.
//
// DPDK's driver of that name keeps frames while there is no carrier and sends them when it is
// back, says that refused frames are sent, waits for the kernel inside of a burst, turns service
// tags into customer tags, and hands on checksums that a local sender left to its device. A driver
// of our own cannot be had without DPDK's internal headers. So the port's ethdev is a net_null,
// whose burst functions are replaced in the public table that ethdev's inline functions read.
#pragma once

#include "dataplane/base/mac_address.hh"
#include "dataplane/base/result.hh"
#include "dataplane/port/packet_pool.hh"
#include "dataplane/port/packet_ring.hh"
#include "dataplane/port/packet_sender.hh"

#include <rte_ethdev.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace lagg::port {

/// What a port's device string says.
struct PacketOptions {
    std::string interface;
    uint16_t queues = 1;                ///< qpairs
    uint32_t slot_bytes = kBufferBytes; ///< framesz: a frame and what the kernel puts before it
    uint32_t slots = 512;               ///< framecnt: of each queue's ring, at least
    bool through_qdisc = false;         ///< qdisc_bypass=0
    uint16_t fanout = 0;                ///< fanout_mode, as PACKET_FANOUT_...
};

/// Reads the arguments of DPDK's driver. `queues` and `slots` are those of an operator who does not
/// give qpairs and framecnt. Arguments that are not known are refused; blocksz has no meaning.
Result<PacketOptions> parse_packet_options(const std::string &arguments, uint16_t queues,
                                           std::optional<uint32_t> slots);

/// Counts of all queues since the port was opened.
struct PacketStatistics {
    PacketRingCounts received;
    uint64_t refused = 0; ///< times that the kernel refused a frame, as PacketSender counts them
    int last_refusal = 0; ///< errno of the last one of any queue, 0 without one
};

class PacketSocket {
  public:
    /// Opens a socket for each queue and direction. Nothing is received before install().
    static Result<std::unique_ptr<PacketSocket>> open(const PacketOptions &options,
                                                      rte_mempool *buffers);
    ~PacketSocket();
    PacketSocket(const PacketSocket &) = delete;
    PacketSocket &operator=(const PacketSocket &) = delete;

    /// Puts the sockets in place of the queues of a device that was started, and listens. No worker
    /// may use the device.
    Result<void> install(uint16_t device);
    /// Gives the device back as it was, before it is stopped. No worker may use it. Nothing where
    /// it is not installed.
    void uninstall();

    uint16_t queues() const { return static_cast<uint16_t>(rings_.size()); }
    /// Frames that a receive queue can hold.
    uint16_t slots() const { return static_cast<uint16_t>(rings_.front()->slots()); }
    uint32_t slot_bytes() const { return slot_bytes_; }
    unsigned interface_index() const { return index_; }
    const MacAddress &mac() const { return mac_; }
    /// May be called by any thread; asks the kernel.
    PacketStatistics statistics() const;

  private:
    PacketSocket() = default;

    uint32_t slot_bytes_ = 0;
    unsigned index_ = 0;
    MacAddress mac_{};
    std::vector<std::unique_ptr<PacketRing>> rings_;
    std::vector<std::unique_ptr<PacketSender>> senders_;
    /// Arguments of the burst functions, by queue.
    std::vector<void *> rx_queues_;
    std::vector<void *> tx_queues_;
    std::optional<uint16_t> device_; ///< where it is installed
    struct rte_eth_fp_ops found_ {}; ///< what was there before
};

} // namespace lagg::port
