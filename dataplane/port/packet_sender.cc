#include "dataplane/port/packet_sender.hh"

#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include <linux/if_packet.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>

namespace lagg::port {

namespace {

/// Memory of frames that the driver has not sent yet: more than the transmit ring of a NIC holds,
/// so that the ring is what is full first.
constexpr int kSendBytes = 4 << 20;
/// The same where frames wait in a queueing discipline: a LACPDU waits behind all of them.
constexpr int kQueuedBytes = 128 << 10;
/// Pause after the interface was found to be down: a refusal is a system call, and a worker has
/// other ports.
constexpr uint64_t kSilenceUs = 1000;

bool is_down(int reason) {
    return reason == ENETDOWN || reason == ENXIO || reason == ENODEV;
}

} // namespace

Result<std::unique_ptr<PacketSender>> PacketSender::open(const std::string &interface,
                                                         unsigned index, bool through_qdisc) {
    std::unique_ptr<PacketSender> sender(new PacketSender);
    if (Result<void> done = sender->prepare(interface, index, through_qdisc); !done)
        return done.error();
    return sender;
}

Result<void> PacketSender::prepare(const std::string &interface, unsigned index,
                                   bool through_qdisc) {
    const auto error = [&](const char *what) {
        return Error{
            fmt::format("a packet socket on '{}' {}: {}", interface, what, reason_of(errno))};
    };
    socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return error("cannot be had; laggd needs CAP_NET_RAW");
    const int bypass = through_qdisc ? 0 : 1;
    if (setsockopt(socket_, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass) != 0)
        return error("cannot pass the queueing discipline by");
    // The second one stops at net.core.wmem_max, which will do.
    const int bytes = through_qdisc ? kQueuedBytes : kSendBytes;
    if (setsockopt(socket_, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) != 0 &&
        setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes) != 0)
        return error("has no memory for frames to send");
    // With protocol 0 it receives nothing.
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_ifindex = static_cast<int>(index);
    if (bind(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return error("cannot be bound");
    return {};
}

PacketSender::~PacketSender() {
    if (socket_ >= 0) close(socket_);
}

/// Lays out as many of the frames as there is room for; returns how many.
unsigned PacketSender::gather(rte_mbuf *const *frames, unsigned count) {
    unsigned piece = 0;
    unsigned message = 0;
    for (; message < count && message < kMessages; ++message) {
        if (frames[message]->nb_segs > kPieces - piece) break;
        msghdr &header = messages_[message].msg_hdr;
        header.msg_iov = &pieces_[piece];
        header.msg_iovlen = frames[message]->nb_segs;
        for (rte_mbuf *segment = frames[message]; segment != nullptr; segment = segment->next)
            pieces_[piece++] = {rte_pktmbuf_mtod(segment, void *), segment->data_len};
    }
    return message;
}

uint16_t PacketSender::send(rte_mbuf **frames, uint16_t count) {
    if (silent_until_ != 0) [[unlikely]] {
        if (rte_rdtsc() < silent_until_) {
            refuse(last_refusal());
            return 0;
        }
        silent_until_ = 0;
    }
    unsigned sent = 0;
    while (sent < count) {
        const unsigned ready = gather(frames + sent, count - sent);
        if (ready == 0) {
            refuse(EMSGSIZE);
            break;
        }
        // Fewer than asked for: the next call begins with the one that was not taken, and says why.
        const int done = sendmmsg(socket_, messages_.data(), ready, MSG_DONTWAIT);
        if (done > 0) {
            sent += static_cast<unsigned>(done);
            continue;
        }
        const int reason = errno;
        if (reason == EAGAIN || reason == ENOBUFS) break;
        refuse(reason);
        if (is_down(reason)) silent_until_ = rte_rdtsc() + rte_get_tsc_hz() * kSilenceUs / 1000000;
        break;
    }
    if (sent != 0) rte_pktmbuf_free_bulk(frames, sent);
    return static_cast<uint16_t>(sent);
}

void PacketSender::refuse(int reason) {
    refused_.store(refused_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    last_refusal_.store(reason, std::memory_order_relaxed);
}

} // namespace lagg::port
