// Kernel-backed ports against the kernel itself: a port on veth0, an independent packet socket on
// veth1, in a network namespace of its own for every test.
#include "dataplane/port/packet_socket.hh"

#include "dataplane/port/port.hh"
#include "tests/control/kernel/namespace_fixture.hh"
#include "tests/dataplane/port/packet_wire.hh"

#include <nlohmann/json.hpp>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

namespace lagg::port {

namespace {

constexpr uint16_t kBurst = 32;
constexpr uint16_t kCustomer = 0x8100;
constexpr uint16_t kService = 0x88a8;

/// Waits until the condition holds; false when it did not within the limit.
template <typename Condition> bool wait_until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + kWaitLimit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Whether the checksum of an IPv4 frame with UDP and no options is right, as its receiver would
/// look.
bool checksum_is_right(const Frame &frame) {
    constexpr size_t kUdp = 14 + 20;
    uint32_t sum = IPPROTO_UDP + static_cast<uint32_t>(frame.size() - kUdp);
    // From the addresses on, which with the lines above make the pseudo-header.
    for (size_t i = kUdp - 8; i < frame.size(); ++i)
        sum += i % 2 == 0 ? uint32_t{frame[i]} << 8 : frame[i];
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return sum == 0xffff;
}

class PacketSocketTest : public kernel::NamespaceTest {
  protected:
    void SetUp() override {
        kernel::NamespaceTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) return;
        // The host says nothing of itself on the cable.
        kernel::write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
        kernel::run("ip link add veth0 numrxqueues 2 numtxqueues 2 type veth "
                    "peer name veth1 numrxqueues 2 numtxqueues 2");
        kernel::run("ip link set veth0 up");
        kernel::run("ip link set veth1 up");
        Result<std::unique_ptr<PacketPool>> pool = PacketPool::create(2048);
        ASSERT_TRUE(pool) << pool.error().message;
        pool_ = *std::move(pool);
        free_ = pool_->use().free;
    }
    void TearDown() override {
        port_.reset();
        if (pool_ != nullptr) {
            EXPECT_EQ(pool_->use().free, free_) << "every buffer is back";
        }
    }

    void open(const std::string &more = "", uint16_t queues = 1, uint16_t mtu = 1500) {
        OpenOptions options;
        options.name = "p0";
        options.device = parse_device("net_af_packet,iface=veth0" + more, "p0");
        options.queues = queues;
        options.mtu = mtu;
        Result<std::unique_ptr<Port>> port = Port::open(options, *pool_);
        ASSERT_TRUE(port) << port.error().message;
        port_ = *std::move(port);
        const Result<void> started = port_->start();
        ASSERT_TRUE(started) << started.error().message;
        wire_ = std::make_unique<PacketWire>("veth1");
    }

    rte_mbuf *buffer(const Frame &frame) {
        rte_mbuf *buffer = rte_pktmbuf_alloc(pool_->get());
        EXPECT_NE(buffer, nullptr);
        char *octets = rte_pktmbuf_append(buffer, static_cast<uint16_t>(frame.size()));
        std::memcpy(octets, frame.data(), frame.size());
        return buffer;
    }
    /// How many of the frames a burst took; the others are freed.
    uint16_t send(const std::vector<Frame> &frames) {
        std::vector<rte_mbuf *> buffers;
        for (const Frame &frame : frames)
            buffers.push_back(buffer(frame));
        const uint16_t sent = rte_eth_tx_burst(port_->device(), 0, buffers.data(),
                                               static_cast<uint16_t>(buffers.size()));
        for (size_t i = sent; i < buffers.size(); ++i)
            rte_pktmbuf_free(buffers[i]);
        return sent;
    }
    /// Frames that wait in a queue of the port.
    std::vector<Frame> poll(uint16_t queue = 0) {
        std::array<rte_mbuf *, kBurst> buffers;
        const uint16_t count = rte_eth_rx_burst(port_->device(), queue, buffers.data(), kBurst);
        std::vector<Frame> frames;
        for (uint16_t i = 0; i < count; ++i) {
            EXPECT_EQ(buffers[i]->port, port_->device());
            EXPECT_EQ(buffers[i]->pkt_len, buffers[i]->data_len);
            const auto *octets = rte_pktmbuf_mtod(buffers[i], const uint8_t *);
            frames.emplace_back(octets, octets + buffers[i]->data_len);
            rte_pktmbuf_free(buffers[i]);
        }
        return frames;
    }
    std::vector<Frame> poll_for(size_t count) {
        std::vector<Frame> frames;
        EXPECT_TRUE(wait_until([&] {
            for (Frame &frame : poll())
                frames.push_back(std::move(frame));
            return frames.size() >= count;
        })) << frames.size()
            << " of " << count << " frames";
        return frames;
    }
    PacketStatistics statistics() { return port_->packet_socket()->statistics(); }

    std::unique_ptr<PacketPool> pool_;
    uint32_t free_ = 0;
    std::unique_ptr<Port> port_;
    std::unique_ptr<PacketWire> wire_;
};

} // namespace

TEST(PacketOptions, AreThoseOfDpdksDriver) {
    const Result<PacketOptions> given = parse_packet_options(
        "qpairs=3,iface=eth1,framesz=2048,blocksz=4096,framecnt=64,qdisc_bypass=0,fanout_mode=cpu",
        1, 1024);
    ASSERT_TRUE(given) << given.error().message;
    EXPECT_EQ(given->interface, "eth1");
    EXPECT_EQ(given->queues, 3);
    EXPECT_EQ(given->slot_bytes, 2048u);
    EXPECT_EQ(given->slots, 64u);
    EXPECT_TRUE(given->through_qdisc);
    EXPECT_EQ(given->fanout, 2);
    const Result<PacketOptions> usual = parse_packet_options("iface=eth1", 2, {});
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->queues, 2);
    EXPECT_EQ(usual->slot_bytes, kBufferBytes);
    EXPECT_EQ(usual->slots, 512u);
    EXPECT_FALSE(usual->through_qdisc);
    EXPECT_EQ(parse_packet_options("iface=eth1", 1, 128)->slots, 128u);
}

TEST(PacketOptions, MistakesAreNamed) {
    const auto complaint = [](const std::string &arguments) {
        const Result<PacketOptions> options = parse_packet_options(arguments, 1, {});
        return options ? "" : options.error().message;
    };
    EXPECT_EQ(complaint("iface=e,qpairs=0"),
              "qpairs=0 of net_af_packet is not a number from 1 to 64");
    EXPECT_EQ(complaint("iface=e,framesz=10241"),
              "framesz=10241 of net_af_packet is not a number from 256 to 10240");
    EXPECT_EQ(complaint("iface=e,framesz=2047"),
              "framesz=2047 of net_af_packet is not a multiple of 16");
    EXPECT_EQ(complaint("iface=e,framecnt=x"),
              "framecnt=x of net_af_packet is not a number from 1 to 32768");
    EXPECT_EQ(complaint("iface=e,fanout_mode=best"),
              "fanout_mode=best of net_af_packet is none of hash, lb, cpu, rollover, rnd and qm");
    EXPECT_EQ(complaint("iface=e,speed=1"),
              "net_af_packet has no argument 'speed'; it has iface, qpairs, framesz, framecnt, "
              "qdisc_bypass and fanout_mode");
    EXPECT_EQ(complaint("iface=e,fast"),
              "'fast' among the arguments of net_af_packet has no value");
}

TEST_F(PacketSocketTest, IsThePortOfItsInterface) {
    kernel::run("ip link set veth0 address 02:aa:bb:cc:dd:ee");
    open();
    EXPECT_EQ(port_->driver(), "net_af_packet");
    EXPECT_EQ(port_->interface_index(), if_nametoindex("veth0"));
    EXPECT_EQ(port_->link_source(), LinkSource::RTNETLINK);
    EXPECT_EQ(port_->mac(), (MacAddress{0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee}));
    EXPECT_EQ(port_->queues(), 1);
    EXPECT_GE(port_->rx_descriptors(), 512);
}

TEST_F(PacketSocketTest, PassesEveryOctetBothWays) {
    // The kernel sends MTU + 18 octets at most where the outer tag is a customer's, MTU + 14 else.
    kernel::run("ip link set veth1 mtu 1508");
    open("", 1, 1508);
    uint32_t number = 0;
    for (const std::vector<uint16_t> &tags : std::vector<std::vector<uint16_t>>{
             {}, {kCustomer}, {kService}, {kService, kCustomer}, {kCustomer, kCustomer}}) {
        const size_t header = 14 + 4 * tags.size();
        // A kernel looks for a type behind a tag.
        const size_t least = header + (tags.empty() ? 0 : 2);
        for (const size_t length : {least, size_t{60}, size_t{61}, size_t{64}, size_t{1000},
                                    1500 + header - 1, 1500 + header}) {
            const Frame frame = make_frame(++number, length, tags);
            SCOPED_TRACE(testing::Message() << tags.size() << " tags, " << length << " octets");
            ASSERT_EQ(send({frame}), 1);
            const std::optional<Frame> seen = wire_->receive();
            ASSERT_TRUE(seen);
            EXPECT_EQ(*seen, frame);
            wire_->send(frame);
            const std::vector<Frame> got = poll_for(1);
            ASSERT_EQ(got.size(), 1u);
            EXPECT_EQ(got[0], frame);
        }
    }
    EXPECT_EQ(statistics().refused, 0u);
    EXPECT_EQ(statistics().received.bad_dropped, 0u);
}

TEST_F(PacketSocketTest, PassesTheLargestMtu) {
    kernel::run("ip link set veth1 mtu 9216");
    open("", 1, 9216);
    const Frame frame = make_frame(7, 9216 + 18, {kCustomer});
    ASSERT_EQ(send({frame}), 1);
    EXPECT_EQ(wire_->receive(), frame);
    wire_->send(frame);
    EXPECT_EQ(poll_for(1).at(0), frame);
}

TEST_F(PacketSocketTest, KeepsOrderOverManyRounds) {
    open(",framecnt=16");
    constexpr uint32_t kFrames = 2000;
    uint32_t next = 0;
    for (uint32_t number = 0; number < kFrames; number += 8) {
        for (uint32_t i = 0; i < 8; ++i)
            wire_->send(make_frame(number + i, 64));
        for (const Frame &frame : poll_for(8))
            EXPECT_EQ(frame, make_frame(next++, 64));
    }
    std::vector<Frame> burst;
    for (uint32_t number = 0; number < 100; ++number)
        burst.push_back(make_frame(number, 60 + number));
    ASSERT_EQ(send(burst), 100) << "more than one call to the kernel takes";
    for (const Frame &frame : burst)
        EXPECT_EQ(wire_->receive(), frame);
}

TEST_F(PacketSocketTest, SendsFramesOfSeveralSegments) {
    open();
    const Frame frame = make_frame(5, 1000);
    rte_mbuf *first = buffer(Frame(frame.begin(), frame.begin() + 10));
    rte_mbuf *second = buffer(Frame(frame.begin() + 10, frame.begin() + 500));
    rte_mbuf *third = buffer(Frame(frame.begin() + 500, frame.end()));
    ASSERT_EQ(rte_pktmbuf_chain(second, third), 0);
    ASSERT_EQ(rte_pktmbuf_chain(first, second), 0);
    ASSERT_EQ(rte_eth_tx_burst(port_->device(), 0, &first, 1), 1);
    EXPECT_EQ(wire_->receive(), frame);
}

TEST_F(PacketSocketTest, CountsWhatItsRingHasNoRoomFor) {
    open(",framecnt=1");
    const uint16_t room = port_->rx_descriptors();
    for (uint32_t number = 0; number < room + 5u; ++number)
        wire_->send(make_frame(number, 64));
    EXPECT_TRUE(wait_until([&] { return statistics().received.dropped == 5; }));
    const std::vector<Frame> frames = poll_for(room);
    ASSERT_EQ(frames.size(), room);
    for (uint32_t number = 0; number < room; ++number)
        EXPECT_EQ(frames[number], make_frame(number, 64));
    EXPECT_EQ(statistics().received.dropped, 5u) << "also when it is read again";
}

TEST_F(PacketSocketTest, DropsWhatDoesNotFitIntoASlot) {
    open(",framesz=2048");
    kernel::run("ip link set veth0 mtu 4000");
    kernel::run("ip link set veth1 mtu 4000");
    wire_->send(make_frame(1, 3000));
    wire_->send(make_frame(2, 1500));
    EXPECT_EQ(poll_for(1), std::vector<Frame>{make_frame(2, 1500)});
    EXPECT_EQ(statistics().received.bad_dropped, 1u);
}

TEST_F(PacketSocketTest, FinishesChecksumsOfALocalSender) {
    open();
    kernel::run("ip address add 192.0.2.1/24 dev veth1");
    kernel::run("ip neighbour add 192.0.2.2 lladdr 02:00:00:00:00:05 dev veth1");
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(9);
    to.sin_addr.s_addr = htonl(0xc0000202);
    for (const size_t size : {1, 2, 77, 1472}) {
        const std::string payload(size, 'x');
        ASSERT_EQ(
            sendto(fd, payload.data(), size, 0, reinterpret_cast<const sockaddr *>(&to), sizeof to),
            static_cast<ssize_t>(size))
            << std::strerror(errno);
        const std::vector<Frame> frames = poll_for(1);
        ASSERT_EQ(frames.size(), 1u);
        ASSERT_EQ(frames[0].size(), 14 + 20 + 8 + size);
        EXPECT_TRUE(checksum_is_right(frames[0])) << size;
    }
    EXPECT_EQ(statistics().received.csum_finished, 4u) << "veth left none of them to us";

    // One for a device to cut into frames.
    const int segment = 500;
    ASSERT_EQ(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment), 0);
    const std::string large(4000, 'y');
    ASSERT_EQ(sendto(fd, large.data(), large.size(), 0, reinterpret_cast<const sockaddr *>(&to),
                     sizeof to),
              4000);
    wire_->send(make_frame(1, 64));
    EXPECT_EQ(poll_for(1), std::vector<Frame>{make_frame(1, 64)});
    EXPECT_EQ(statistics().received.gso_dropped, 1u);
    EXPECT_EQ(statistics().received.bad_dropped, 0u);
    close(fd);
}

TEST_F(PacketSocketTest, RefusedFramesAreNotSent) {
    open();
    EXPECT_EQ(send({make_frame(1, 64), make_frame(2, 1519), make_frame(3, 64)}), 1);
    EXPECT_EQ(wire_->receive(), make_frame(1, 64));
    EXPECT_EQ(statistics().refused, 1u);
    EXPECT_EQ(statistics().last_refusal, EMSGSIZE);
    kernel::run("ip link set veth0 down");
    EXPECT_EQ(send({make_frame(4, 64), make_frame(5, 64)}), 0);
    EXPECT_EQ(statistics().refused, 2u);
    EXPECT_EQ(statistics().last_refusal, ENETDOWN);
    kernel::run("ip link set veth0 up");
    EXPECT_TRUE(wait_until([&] { return send({make_frame(6, 64)}) == 1; }));
    EXPECT_EQ(wire_->receive(), make_frame(6, 64));
    wire_->send(make_frame(7, 64));
    EXPECT_EQ(poll_for(1), std::vector<Frame>{make_frame(7, 64)}) << "it hears again as well";
}

TEST_F(PacketSocketTest, NothingLeavesAfterAnOutage) {
    open();
    kernel::run("ip link set veth1 down");
    for (uint32_t number = 0; number < 1000; ++number)
        EXPECT_EQ(send({make_frame(number, 64)}), 0);
    kernel::run("ip link set veth1 up");
    constexpr uint32_t kAfter = 5000;
    EXPECT_TRUE(wait_until([&] { return send({make_frame(kAfter, 64)}) == 1; }));
    EXPECT_EQ(wire_->receive(), make_frame(kAfter, 64));
    EXPECT_EQ(send({make_frame(kAfter + 1, 64)}), 1);
    EXPECT_EQ(wire_->receive(), make_frame(kAfter + 1, 64));
}

TEST_F(PacketSocketTest, FramesThatTheHostSendsDoNotComeBack) {
    for (const std::string arguments : {"", ",qpairs=2", ",qdisc_bypass=0"}) {
        open(arguments);
        EXPECT_EQ(send({make_frame(1, 64)}), 1);
        PacketWire("veth0").send(make_frame(2, 64));
        EXPECT_EQ(wire_->receive(), make_frame(1, 64));
        EXPECT_EQ(wire_->receive(), make_frame(2, 64));
        wire_->send(make_frame(3, 64));
        std::vector<Frame> frames;
        EXPECT_TRUE(wait_until([&] {
            for (uint16_t queue = 0; queue < port_->queues(); ++queue)
                for (Frame &frame : poll(queue))
                    frames.push_back(std::move(frame));
            return !frames.empty();
        }));
        EXPECT_EQ(frames, std::vector<Frame>{make_frame(3, 64)}) << arguments;
        port_.reset();
    }
}

TEST_F(PacketSocketTest, QueuesShareFramesAndKeepFlowsTogether) {
    open("", 2);
    ASSERT_EQ(port_->queues(), 2);
    constexpr uint16_t kFlows = 64;
    constexpr uint32_t kFrames = 4 * kFlows;
    for (uint32_t number = 0; number < kFrames; ++number)
        wire_->send(make_udp(static_cast<uint16_t>(1000 + number % kFlows), number));
    std::map<Frame, int> seen;
    std::array<std::vector<int>, 2> queues_of{std::vector<int>(kFlows), std::vector<int>(kFlows)};
    uint32_t count = 0;
    const auto take = [&] {
        for (uint16_t queue = 0; queue < 2; ++queue)
            for (const Frame &frame : poll(queue)) {
                ++count;
                ++seen[frame];
                const unsigned flow = static_cast<unsigned>(frame.at(34) << 8 | frame.at(35));
                ++queues_of[queue].at(flow - 1000);
            }
    };
    EXPECT_TRUE(wait_until([&] {
        take();
        return seen.size() >= kFrames;
    }));
    take();
    EXPECT_EQ(count, kFrames) << "each of them once";
    int of_the_first = 0;
    for (unsigned flow = 0; flow < kFlows; ++flow) {
        EXPECT_TRUE(queues_of[0][flow] == 0 || queues_of[1][flow] == 0) << flow;
        of_the_first += queues_of[0][flow] != 0 ? 1 : 0;
    }
    EXPECT_GT(of_the_first, 0);
    EXPECT_LT(of_the_first, kFlows);
}

TEST_F(PacketSocketTest, KeepsNothingWhileItIsStopped) {
    open();
    wire_->send(make_frame(1, 64));
    ASSERT_TRUE(port_->stop());
    wire_->send(make_frame(2, 64));
    ASSERT_TRUE(port_->start());
    wire_->send(make_frame(3, 64));
    EXPECT_EQ(poll_for(1), std::vector<Frame>{make_frame(3, 64)});
    EXPECT_EQ(send({make_frame(4, 64)}), 1);
    EXPECT_EQ(wire_->receive(), make_frame(4, 64));
}

TEST_F(PacketSocketTest, HearsFramesForAnyAddressWhileItRuns) {
    open();
    EXPECT_EQ(kernel::ip("-d link show veth0").at("promiscuity"), 1);
    ASSERT_TRUE(port_->stop());
    EXPECT_EQ(kernel::ip("-d link show veth0").at("promiscuity"), 0);
}

TEST_F(PacketSocketTest, SurvivesItsInterface) {
    open();
    wire_->send(make_frame(1, 64));
    kernel::run("ip link delete veth0");
    // What had come is still delivered.
    EXPECT_EQ(poll_for(1), std::vector<Frame>{make_frame(1, 64)});
    const uint64_t before = statistics().refused;
    for (int round = 0; round < 1000; ++round) {
        EXPECT_TRUE(poll().empty());
        EXPECT_EQ(send({make_frame(2, 64)}), 0);
    }
    EXPECT_EQ(statistics().refused, before + 1000);
    EXPECT_EQ(statistics().last_refusal, ENXIO);
}

} // namespace lagg::port
