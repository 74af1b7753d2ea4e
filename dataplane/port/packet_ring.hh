// The receiving half of a kernel-backed port: a packet socket with a ring that the kernel fills.
#pragma once

#include "dataplane/base/result.hh"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

struct rte_mbuf;
struct rte_mempool;

namespace lagg::port {

/// Octets at the beginning of a slot that the kernel takes for itself.
uint32_t packet_slot_header();

/// Counts of one ring since it was opened.
struct PacketRingCounts {
    uint64_t dropped = 0;       ///< by the kernel: the ring was full
    uint64_t csum_finished = 0; ///< received with a checksum that was left to a device
    uint64_t gso_dropped = 0;   ///< larger than the link takes, for a device to cut
    uint64_t bad_dropped = 0;   ///< too large for a slot, too short, or a checksum outside of it
};

class PacketRing {
  public:
    /// Opens a socket that hears nothing of the interface before listen(). The slots are at least
    /// as many as asked for.
    static Result<std::unique_ptr<PacketRing>> open(const std::string &interface, unsigned index,
                                                    uint32_t slot_bytes, uint32_t slots,
                                                    rte_mempool *buffers);
    ~PacketRing();
    PacketRing(const PacketRing &) = delete;
    PacketRing &operator=(const PacketRing &) = delete;

    /// Shares the interface's frames with the other rings of the group; 0 founds a group that
    /// nobody has. Returns the group's number.
    Result<uint16_t> join(uint16_t group, uint16_t how);
    /// Takes frames for any address from now on, and nothing that came before. `device` is the
    /// ethdev that frames are said to come from.
    Result<void> listen(uint16_t device);
    void stop_listening();

    /// At most `wanted` frames, oldest first; without a system call. One worker at a time.
    uint16_t receive(rte_mbuf **frames, uint16_t wanted);

    uint32_t slots() const { return static_cast<uint32_t>(slots_.size()); }
    /// May be asked by any thread. Asks the kernel.
    PacketRingCounts counts() const;

  private:
    PacketRing(const std::string &interface, unsigned index, rte_mempool *buffers)
        : interface_(interface), index_(index), buffers_(buffers) {}
    Result<void> prepare(uint32_t slot_bytes, uint32_t slots);
    Error error(const std::string &what) const;
    uint32_t after(uint32_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }
    void empty();
    bool take(const uint8_t *slot, rte_mbuf &frame);

    std::string interface_;
    unsigned index_;
    rte_mempool *buffers_;
    int socket_ = -1;
    void *memory_ = nullptr;
    size_t memory_bytes_ = 0;
    std::vector<uint8_t *> slots_;
    uint32_t next_ = 0;
    uint16_t device_ = 0;
    /// The kernel forgets its count whenever it is read.
    mutable std::atomic<uint64_t> dropped_{0};
    std::atomic<uint64_t> csum_finished_{0};
    std::atomic<uint64_t> gso_dropped_{0};
    std::atomic<uint64_t> bad_dropped_{0};
};

} // namespace lagg::port
