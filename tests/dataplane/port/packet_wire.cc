// See packet_wire.hh.
#include "tests/dataplane/port/packet_wire.hh"

#include <gtest/gtest.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lagg::port {

namespace {

constexpr uint16_t kExperimental = 0x88b5; // IEEE 802 local experimental ethertype 1
constexpr size_t kAddresses = 12;

void append16(Frame &frame, uint16_t value) {
    frame.push_back(static_cast<uint8_t>(value >> 8));
    frame.push_back(static_cast<uint8_t>(value));
}

} // namespace

Frame make_frame(uint32_t number, size_t length, const std::vector<uint16_t> &tag_types) {
    Frame frame{0x02, 0, 0, 0, 0, 1, 0x02, 0, 0, 0, 0, 2};
    uint16_t id = 0x6123; // with a priority
    for (const uint16_t type : tag_types) {
        append16(frame, type);
        append16(frame, id++);
    }
    append16(frame, kExperimental);
    EXPECT_GE(length, frame.size());
    for (uint32_t i = 0; frame.size() < length; ++i)
        frame.push_back(static_cast<uint8_t>(i < 4 ? number >> (8 * i) : number + i));
    return frame;
}

Frame make_udp(uint16_t port, uint32_t number) {
    Frame frame = make_frame(0, RTE_ETHER_HDR_LEN);
    frame[12] = 0x08;
    frame[13] = 0x00;
    rte_ipv4_hdr ip{};
    ip.version_ihl = 0x45;
    ip.total_length = htons(sizeof ip + sizeof(rte_udp_hdr) + sizeof number);
    ip.time_to_live = 64;
    ip.next_proto_id = IPPROTO_UDP;
    ip.src_addr = htonl(0x0a000001);
    ip.dst_addr = htonl(0x0a000002);
    ip.hdr_checksum = rte_ipv4_cksum(&ip);
    rte_udp_hdr udp{};
    udp.src_port = htons(port);
    udp.dst_port = htons(9);
    udp.dgram_len = htons(sizeof udp + sizeof number);
    const auto append = [&](const void *octets, size_t size) {
        const size_t before = frame.size();
        frame.resize(before + size);
        std::memcpy(frame.data() + before, octets, size);
    };
    append(&ip, sizeof ip);
    append(&udp, sizeof udp);
    append(&number, sizeof number);
    return frame;
}

PacketWire::PacketWire(const std::string &interface)
    : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
    EXPECT_GE(socket_, 0) << std::strerror(errno);
    const int on = 1;
    EXPECT_EQ(setsockopt(socket_, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on), 0);
    EXPECT_EQ(setsockopt(socket_, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on), 0);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    EXPECT_EQ(bind(socket_, reinterpret_cast<const sockaddr *>(&address), sizeof address), 0)
        << std::strerror(errno);
}

PacketWire::~PacketWire() {
    close(socket_);
}

void PacketWire::send(const Frame &frame) {
    EXPECT_EQ(::send(socket_, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()))
        << std::strerror(errno);
}

std::optional<Frame> PacketWire::receive(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            end - std::chrono::steady_clock::now());
        pollfd wanted{.fd = socket_, .events = POLLIN, .revents = 0};
        const int ready = poll(&wanted, 1, static_cast<int>(std::max<int64_t>(0, left.count())));
        if (ready <= 0) return {};
        Frame frame(65536);
        iovec piece{frame.data(), frame.size()};
        alignas(cmsghdr) std::array<char, 256> control{};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        const ssize_t size = recvmsg(socket_, &message, MSG_DONTWAIT);
        // An interface that went down says so once.
        if (size < 0 && (errno == ENETDOWN || errno == EAGAIN)) continue;
        EXPECT_GE(size, 0) << std::strerror(errno);
        if (size < 0) return {};
        frame.resize(static_cast<size_t>(size));
        for (cmsghdr *item = CMSG_FIRSTHDR(&message); item != nullptr;
             item = CMSG_NXTHDR(&message, item)) {
            if (item->cmsg_level != SOL_PACKET || item->cmsg_type != PACKET_AUXDATA) continue;
            tpacket_auxdata told{};
            std::memcpy(&told, CMSG_DATA(item), sizeof told);
            if ((told.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
            Frame tag;
            append16(tag, told.tp_vlan_tpid);
            append16(tag, told.tp_vlan_tci);
            frame.insert(frame.begin() + kAddresses, tag.begin(), tag.end());
        }
        return frame;
    }
}

} // namespace lagg::port
