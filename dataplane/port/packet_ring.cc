#include "dataplane/port/packet_ring.hh"

#include "dataplane/files/system_error.hh"
#include "dataplane/port/unfinished_checksum.hh"

#include <fmt/format.h>

#include <rte_branch_prediction.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace lagg::port {

namespace {

/// Virtio's header before a frame (linux/virtio_net.h is no C++), in the order of this machine.
struct OffloadHeader {
    uint8_t flags;
    uint8_t gso_type; ///< 0 where the frame is one that the link takes
    uint16_t header_bytes;
    uint16_t gso_bytes;
    uint16_t csum_start;
    uint16_t csum_offset;
};
constexpr uint8_t kNeedsChecksum = 1; ///< in its flags
constexpr uint8_t kNoGso = 0;

/// Memory that the kernel takes in one piece; a power of two of pages, so that none is wasted.
constexpr uint32_t kBlockBytes = 65536;
constexpr uint32_t kTagBytes = 4;
constexpr uint32_t kAddressBytes = 2 * RTE_ETHER_ADDR_LEN;

/// One writer, so that no locked instruction is needed.
void count(std::atomic<uint64_t> &counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

uint32_t &status_of(uint8_t *slot) {
    return reinterpret_cast<tpacket2_hdr *>(slot)->tp_status;
}

bool is_ours(uint8_t *slot) {
    const std::atomic_ref<uint32_t> status(status_of(slot));
    return (status.load(std::memory_order_acquire) & TP_STATUS_USER) != 0;
}

void give_back(uint8_t *slot) {
    std::atomic_ref<uint32_t>(status_of(slot)).store(TP_STATUS_KERNEL, std::memory_order_release);
}

template <typename Value> int set_option(int socket, int option, const Value &value) {
    return setsockopt(socket, SOL_PACKET, option, &value, sizeof value);
}

template <size_t kCount> int set_filter(int socket, std::array<sock_filter, kCount> &instructions) {
    const sock_fprog program{.len = kCount, .filter = instructions.data()};
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

} // namespace

uint32_t packet_slot_header() {
    return TPACKET_ALIGN(TPACKET2_HDRLEN + 16) + sizeof(OffloadHeader) - RTE_ETHER_HDR_LEN;
}

Error PacketRing::error(const std::string &what) const {
    return Error{fmt::format("a packet socket on '{}' {}: {}", interface_, what, reason_of(errno))};
}

// ---- opening -----------------------------------------------------------------------------------

Result<std::unique_ptr<PacketRing>> PacketRing::open(const std::string &interface, unsigned index,
                                                     uint32_t slot_bytes, uint32_t slots,
                                                     rte_mempool *buffers) {
    std::unique_ptr<PacketRing> ring(new PacketRing(interface, index, buffers));
    if (Result<void> done = ring->prepare(slot_bytes, slots); !done) return done.error();
    return ring;
}

Result<void> PacketRing::prepare(uint32_t slot_bytes, uint32_t slots) {
    socket_ = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return error("cannot be had; laggd needs CAP_NET_RAW");
    std::array<sock_filter, 1> nothing{{BPF_STMT(BPF_RET | BPF_K, 0)}};
    if (set_filter(socket_, nothing) != 0) return error("takes no filter");
    // Later versions hand frames over by the block, after a wait.
    if (set_option(socket_, PACKET_VERSION, int{TPACKET_V2}) != 0)
        return error("has no ring of version 2");
    if (set_option(socket_, PACKET_VNET_HDR, 1) != 0)
        return error("does not tell of unfinished checksums");
    if (set_option(socket_, PACKET_IGNORE_OUTGOING, 1) != 0)
        return error("cannot leave out what is sent");

    const uint32_t in_a_block = kBlockBytes / slot_bytes;
    const uint32_t blocks = (slots + in_a_block - 1) / in_a_block;
    const tpacket_req request{.tp_block_size = kBlockBytes,
                              .tp_block_nr = blocks,
                              .tp_frame_size = slot_bytes,
                              .tp_frame_nr = blocks * in_a_block};
    if (set_option(socket_, PACKET_RX_RING, request) != 0)
        return error(
            fmt::format("has no ring of {} slots of {} bytes", request.tp_frame_nr, slot_bytes));
    memory_bytes_ = size_t{kBlockBytes} * blocks;
    void *memory =
        mmap(nullptr, memory_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, socket_, 0);
    if (memory == MAP_FAILED) return error("does not give its ring away");
    memory_ = memory;
    auto *octets = static_cast<uint8_t *>(memory);
    for (uint32_t block = 0; block < blocks; ++block)
        for (uint32_t slot = 0; slot < in_a_block; ++slot)
            slots_.push_back(octets + size_t{block} * kBlockBytes + size_t{slot} * slot_bytes);

    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(index_);
    if (bind(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0)
        return error("cannot be bound");
    return {};
}

PacketRing::~PacketRing() {
    if (memory_ != nullptr) munmap(memory_, memory_bytes_);
    if (socket_ >= 0) close(socket_);
}

Result<uint16_t> PacketRing::join(uint16_t group, uint16_t how) {
    const uint32_t flags = group == 0 ? PACKET_FANOUT_FLAG_UNIQUEID : 0u;
    if (set_option(socket_, PACKET_FANOUT, group | (how | flags) << 16) != 0)
        return error("does not share its frames with another queue's");
    uint32_t joined = 0;
    socklen_t size = sizeof joined;
    if (getsockopt(socket_, SOL_PACKET, PACKET_FANOUT, &joined, &size) != 0)
        return error("does not tell its group");
    return static_cast<uint16_t>(joined);
}

Result<void> PacketRing::listen(uint16_t device) {
    empty();
    device_ = device;
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = static_cast<int>(index_);
    promiscuous.mr_type = PACKET_MR_PROMISC;
    if (set_option(socket_, PACKET_ADD_MEMBERSHIP, promiscuous) != 0)
        return error("does not get frames for other addresses");
    // A group of sockets does not know PACKET_IGNORE_OUTGOING of its members.
    std::array<sock_filter, 4> incoming{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(SKF_AD_OFF + SKF_AD_PKTTYPE)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_OUTGOING, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    }};
    if (set_filter(socket_, incoming) != 0) return error("takes no filter");
    return {};
}

void PacketRing::stop_listening() {
    // Failure is harmless: listen() empties the ring, and closing the socket ends the membership.
    std::array<sock_filter, 1> nothing{{BPF_STMT(BPF_RET | BPF_K, 0)}};
    static_cast<void>(set_filter(socket_, nothing));
    packet_mreq promiscuous{};
    promiscuous.mr_ifindex = static_cast<int>(index_);
    promiscuous.mr_type = PACKET_MR_PROMISC;
    static_cast<void>(set_option(socket_, PACKET_DROP_MEMBERSHIP, promiscuous));
}

void PacketRing::empty() {
    for (uint32_t i = 0; i < slots() && is_ours(slots_[next_]); ++i) {
        give_back(slots_[next_]);
        next_ = after(next_);
    }
}

// ---- receiving ---------------------------------------------------------------------------------

uint16_t PacketRing::receive(rte_mbuf **frames, uint16_t wanted) {
    const auto most = static_cast<uint16_t>(std::min<uint32_t>(wanted, slots()));
    uint16_t ready = 0;
    for (uint32_t slot = next_; ready < most && is_ours(slots_[slot]); ++ready)
        slot = after(slot);
    // Without buffers the frames wait in the ring, and the kernel counts those it has no room for.
    if (ready == 0 || rte_pktmbuf_alloc_bulk(buffers_, frames, ready) != 0) return 0;
    uint16_t taken = 0;
    for (uint16_t i = 0; i < ready; ++i) {
        uint8_t *slot = slots_[next_];
        next_ = after(next_);
        rte_prefetch0(slots_[next_]);
        if (take(slot, *frames[taken])) ++taken;
        give_back(slot);
    }
    if (taken != ready) [[unlikely]]
        rte_pktmbuf_free_bulk(frames + taken, ready - taken);
    return taken;
}

bool PacketRing::take(const uint8_t *slot, rte_mbuf &frame) {
    tpacket2_hdr header;
    std::memcpy(&header, slot, sizeof header);
    const uint8_t *octets = slot + header.tp_mac;
    OffloadHeader offload;
    std::memcpy(&offload, octets - sizeof offload, sizeof offload);
    if (offload.gso_type != kNoGso) [[unlikely]] {
        count(gso_dropped_);
        return false;
    }
    const bool tagged = (header.tp_status & TP_STATUS_VLAN_VALID) != 0;
    const uint32_t tag_bytes = tagged ? kTagBytes : 0;
    const uint32_t length = header.tp_snaplen + tag_bytes;
    if (header.tp_snaplen != header.tp_len || header.tp_snaplen < RTE_ETHER_HDR_LEN ||
        length > rte_pktmbuf_tailroom(&frame)) [[unlikely]] {
        count(bad_dropped_);
        return false;
    }
    auto *to = rte_pktmbuf_mtod(&frame, uint8_t *);
    if (tagged) {
        const bool told = (header.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0;
        const uint16_t tag[2] = {htons(told ? header.tp_vlan_tpid : uint16_t{RTE_ETHER_TYPE_VLAN}),
                                 htons(header.tp_vlan_tci)};
        std::memcpy(to, octets, kAddressBytes);
        std::memcpy(to + kAddressBytes, tag, sizeof tag);
        std::memcpy(to + kAddressBytes + sizeof tag, octets + kAddressBytes,
                    header.tp_snaplen - kAddressBytes);
    } else {
        std::memcpy(to, octets, header.tp_snaplen);
    }
    if ((offload.flags & kNeedsChecksum) != 0) {
        if (!finish_checksum(to, length, offload.csum_start + tag_bytes, offload.csum_offset)) {
            count(bad_dropped_);
            return false;
        }
        count(csum_finished_);
    }
    frame.data_len = static_cast<uint16_t>(length);
    frame.pkt_len = length;
    frame.port = device_;
    return true;
}

PacketRingCounts PacketRing::counts() const {
    tpacket_stats fresh{};
    socklen_t size = sizeof fresh;
    if (getsockopt(socket_, SOL_PACKET, PACKET_STATISTICS, &fresh, &size) == 0)
        dropped_.fetch_add(fresh.tp_drops, std::memory_order_relaxed);
    return {.dropped = dropped_.load(std::memory_order_relaxed),
            .csum_finished = csum_finished_.load(std::memory_order_relaxed),
            .gso_dropped = gso_dropped_.load(std::memory_order_relaxed),
            .bad_dropped = bad_dropped_.load(std::memory_order_relaxed)};
}

} // namespace lagg::port
