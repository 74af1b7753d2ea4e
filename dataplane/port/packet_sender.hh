// The sending half of a kernel-backed port: a packet socket without a ring.
//
// A ring keeps what the interface does not take, and a queueing discipline may as well: such frames
// would leave after an outage, seconds old. Here a frame is handed to the driver at once, or not
// at all.
#pragma once

#include "dataplane/base/result.hh"

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

struct rte_mbuf;

namespace lagg::port {

class PacketSender {
  public:
    /// `through_qdisc`: frames go through the interface's queueing discipline, and may wait there.
    static Result<std::unique_ptr<PacketSender>> open(const std::string &interface, unsigned index,
                                                      bool through_qdisc);
    ~PacketSender();
    PacketSender(const PacketSender &) = delete;
    PacketSender &operator=(const PacketSender &) = delete;

    /// Sends frames in order up to the first that is not taken, because the interface is full, has
    /// no carrier, or refuses that frame; frees those and returns how many. One system call a
    /// burst that is taken whole. Never waits. One worker at a time.
    uint16_t send(rte_mbuf **frames, uint16_t count);

    /// Times that the kernel refused a frame for other reasons than want of room: it is larger than
    /// the MTU, or the interface is down or gone. Frames behind it are not counted. Any thread.
    uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
    /// errno of the last refusal, 0 before the first.
    int last_refusal() const { return last_refusal_.load(std::memory_order_relaxed); }

  private:
    static constexpr unsigned kMessages = 64;
    static constexpr unsigned kPieces = 128;

    PacketSender() = default;
    Result<void> prepare(const std::string &interface, unsigned index, bool through_qdisc);
    unsigned gather(rte_mbuf *const *frames, unsigned count);
    void refuse(int reason);

    int socket_ = -1;
    /// While the interface is down nobody is asked again before this time of the TSC; 0 otherwise.
    uint64_t silent_until_ = 0;
    std::atomic<uint64_t> refused_{0};
    std::atomic<int> last_refusal_{0};
    std::array<mmsghdr, kMessages> messages_{};
    std::array<iovec, kPieces> pieces_{};
};

} // namespace lagg::port
