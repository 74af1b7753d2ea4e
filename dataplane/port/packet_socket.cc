#include "dataplane/port/packet_socket.hh"

#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace lagg::port {

namespace {

constexpr uint32_t kMostQueues = 64;
constexpr uint32_t kMostSlots = 32768;
constexpr uint32_t kSmallestSlot = 256;

struct Fanout {
    std::string_view word;
    uint16_t how;
};
/// Words of DPDK's driver.
constexpr Fanout kFanouts[] = {
    {"hash", PACKET_FANOUT_HASH},         {"lb", PACKET_FANOUT_LB},   {"cpu", PACKET_FANOUT_CPU},
    {"rollover", PACKET_FANOUT_ROLLOVER}, {"rnd", PACKET_FANOUT_RND}, {"qm", PACKET_FANOUT_QM},
};

Result<uint32_t> number(std::string_view key, std::string_view text, uint32_t least,
                        uint32_t most) {
    uint32_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || value < least || value > most)
        return Error{fmt::format("{}={} of net_af_packet is not a number from {} to {}", key, text,
                                 least, most)};
    return value;
}

Result<void> read_argument(std::string_view key, std::string_view value, PacketOptions &options) {
    const auto read = [&](auto &field, uint32_t least, uint32_t most) -> Result<void> {
        const Result<uint32_t> found = number(key, value, least, most);
        if (!found) return found.error();
        field = static_cast<std::remove_reference_t<decltype(field)>>(*found);
        return {};
    };
    if (key == "iface") {
        options.interface = value;
        return {};
    }
    if (key == "qpairs") return read(options.queues, 1, kMostQueues);
    if (key == "framecnt") return read(options.slots, 1, kMostSlots);
    if (key == "framesz") {
        if (Result<void> done = read(options.slot_bytes, kSmallestSlot, kBufferBytes); !done)
            return done;
        if (options.slot_bytes % TPACKET_ALIGNMENT != 0)
            return Error{fmt::format("framesz={} of net_af_packet is not a multiple of {}", value,
                                     TPACKET_ALIGNMENT)};
        return {};
    }
    if (key == "qdisc_bypass") {
        bool bypass = true;
        if (Result<void> done = read(bypass, 0, 1); !done) return done;
        options.through_qdisc = !bypass;
        return {};
    }
    if (key == "fanout_mode") {
        const auto *found = std::ranges::find(kFanouts, value, &Fanout::word);
        if (found == std::end(kFanouts))
            return Error{fmt::format("fanout_mode={} of net_af_packet is none of hash, lb, cpu, "
                                     "rollover, rnd and qm",
                                     value)};
        options.fanout = found->how;
        return {};
    }
    if (key == "blocksz") return {};
    return Error{fmt::format("net_af_packet has no argument '{}'; it has iface, qpairs, framesz, "
                             "framecnt, qdisc_bypass and fanout_mode",
                             key)};
}

/// The interface's own address; its kind has to be Ethernet.
Result<MacAddress> address_of(const std::string &interface) {
    const auto error = [&](const std::string &what) {
        return Error{fmt::format("kernel interface '{}' {}", interface, what)};
    };
    ifreq request{};
    if (interface.size() >= sizeof request.ifr_name)
        return error(fmt::format("has a name of more than {} bytes", IFNAMSIZ - 1));
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return error(fmt::format("cannot be asked: {}", reason_of(errno)));
    const int code = ioctl(fd, SIOCGIFHWADDR, &request) == 0 ? 0 : errno;
    close(fd);
    if (code != 0) return error(fmt::format("does not tell its address: {}", std::strerror(code)));
    // A loopback interface has Ethernet's header as well, and a port of it is of use to try things.
    if (request.ifr_hwaddr.sa_family != ARPHRD_ETHER &&
        request.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)
        return error("is not Ethernet; a port has to be");
    MacAddress mac{};
    std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
    return mac;
}

uint16_t receive_burst(void *queue, rte_mbuf **frames, uint16_t count) {
    return static_cast<PacketRing *>(queue)->receive(frames, count);
}

uint16_t send_burst(void *queue, rte_mbuf **frames, uint16_t count) {
    return static_cast<PacketSender *>(queue)->send(frames, count);
}

} // namespace

Result<PacketOptions> parse_packet_options(const std::string &arguments, uint16_t queues,
                                           std::optional<uint32_t> slots) {
    PacketOptions options;
    options.queues = queues;
    if (slots) options.slots = std::min(*slots, kMostSlots);
    std::string_view rest = arguments;
    while (!rest.empty()) {
        const std::string_view one = rest.substr(0, rest.find(','));
        rest.remove_prefix(std::min(rest.size(), one.size() + 1));
        const size_t equals = one.find('=');
        if (equals == std::string_view::npos)
            return Error{
                fmt::format("'{}' among the arguments of net_af_packet has no value", one)};
        if (Result<void> done =
                read_argument(one.substr(0, equals), one.substr(equals + 1), options);
            !done)
            return done.error();
    }
    return options;
}

Result<std::unique_ptr<PacketSocket>> PacketSocket::open(const PacketOptions &options,
                                                         rte_mempool *buffers) {
    assert(options.queues > 0);
    std::unique_ptr<PacketSocket> socket(new PacketSocket);
    socket->slot_bytes_ = options.slot_bytes;
    const Result<unsigned> index = lagg::interface_index(options.interface);
    if (!index) return index.error();
    socket->index_ = *index;
    const Result<MacAddress> mac = address_of(options.interface);
    if (!mac) return mac.error();
    socket->mac_ = *mac;
    uint16_t group = 0;
    for (uint16_t queue = 0; queue < options.queues; ++queue) {
        Result<std::unique_ptr<PacketRing>> ring = PacketRing::open(
            options.interface, socket->index_, options.slot_bytes, options.slots, buffers);
        if (!ring) return ring.error();
        // Before the group is complete nobody listens, or frames would come several times.
        if (options.queues > 1) {
            const Result<uint16_t> joined = (*ring)->join(group, options.fanout);
            if (!joined) return joined.error();
            group = *joined;
        }
        Result<std::unique_ptr<PacketSender>> sender =
            PacketSender::open(options.interface, socket->index_, options.through_qdisc);
        if (!sender) return sender.error();
        socket->rx_queues_.push_back(ring->get());
        socket->tx_queues_.push_back(sender->get());
        socket->rings_.push_back(*std::move(ring));
        socket->senders_.push_back(*std::move(sender));
    }
    return socket;
}

PacketSocket::~PacketSocket() {
    uninstall();
}

Result<void> PacketSocket::install(uint16_t device) {
    assert(!device_);
    for (const std::unique_ptr<PacketRing> &ring : rings_)
        if (Result<void> done = ring->listen(device); !done) {
            for (const std::unique_ptr<PacketRing> &deaf : rings_)
                deaf->stop_listening();
            return done;
        }
    struct rte_eth_fp_ops &functions = rte_eth_fp_ops[device];
    found_ = functions;
    functions.rxq.data = rx_queues_.data();
    functions.txq.data = tx_queues_.data();
    functions.rx_pkt_burst = receive_burst;
    functions.tx_pkt_burst = send_burst;
    device_ = device;
    return {};
}

void PacketSocket::uninstall() {
    if (!device_) return;
    struct rte_eth_fp_ops &functions = rte_eth_fp_ops[*device_];
    functions.rx_pkt_burst = found_.rx_pkt_burst;
    functions.tx_pkt_burst = found_.tx_pkt_burst;
    functions.rxq.data = found_.rxq.data;
    functions.txq.data = found_.txq.data;
    device_.reset();
    for (const std::unique_ptr<PacketRing> &ring : rings_)
        ring->stop_listening();
}

PacketStatistics PacketSocket::statistics() const {
    PacketStatistics all;
    for (const std::unique_ptr<PacketRing> &ring : rings_) {
        const PacketRingCounts counts = ring->counts();
        all.received.dropped += counts.dropped;
        all.received.csum_finished += counts.csum_finished;
        all.received.gso_dropped += counts.gso_dropped;
        all.received.bad_dropped += counts.bad_dropped;
    }
    for (const std::unique_ptr<PacketSender> &sender : senders_) {
        all.refused += sender->refused();
        if (sender->last_refusal() != 0) all.last_refusal = sender->last_refusal();
    }
    return all;
}

} // namespace lagg::port
