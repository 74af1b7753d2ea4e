#include "dataplane/upper/tap.hh"

#include "dataplane/files/system_error.hh"

#include <fmt/format.h>

#include <rte_mbuf.h>

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace lagg::upper {

namespace {

constexpr const char *kDevice = "/dev/net/tun";
/// Segments of one frame; ours have one, those of a foreign device a few.
constexpr size_t kMaxSegments = 16;

ifreq request_for(const std::string &name) {
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_MULTI_QUEUE;
    name.copy(request.ifr_name, sizeof request.ifr_name - 1);
    return request;
}

Error refusal(const std::string &name, int reason) {
    if (reason == EINVAL)
        return Error{fmt::format(
            "{}: an interface of this name is there and is no multi-queue TAP; remove it with "
            "`ip link delete {}`",
            name, name)};
    if (reason == EBUSY)
        return Error{fmt::format("{}: another program holds this interface", name)};
    return Error{
        fmt::format("{}: the kernel interface cannot be made: {}", name, reason_of(reason))};
}

/// A whole frame in one write: the kernel takes it or refuses it, never a part.
bool write_frame(int fd, const rte_mbuf *frame) {
    std::array<iovec, kMaxSegments> parts;
    int count = 0;
    for (const rte_mbuf *segment = frame; segment != nullptr; segment = segment->next) {
        if (count == static_cast<int>(parts.size())) return false;
        parts[static_cast<size_t>(count++)] = {rte_pktmbuf_mtod(segment, void *),
                                               segment->data_len};
    }
    return writev(fd, parts.data(), count) >= 0;
}

} // namespace

Result<std::unique_ptr<Tap>> Tap::open(const std::string &name, uint16_t queues,
                                       const port::PacketPool &pool) {
    std::unique_ptr<Tap> tap(new Tap(pool));
    for (uint16_t queue = 0; queue < queues; ++queue) {
        const int fd = ::open(kDevice, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
            return Error{
                fmt::format("{}: {} cannot be opened: {}", name, kDevice, reason_of(errno))};
        tap->queues_.push_back({.fd = fd, .spare = nullptr});
        ifreq request = request_for(name);
        if (ioctl(fd, TUNSETIFF, &request) < 0) return refusal(name, errno);
        if (ioctl(fd, TUNSETPERSIST, 1) < 0) return refusal(name, errno);
    }
    return tap;
}

Tap::~Tap() {
    for (const Queue &queue : queues_) {
        rte_pktmbuf_free(queue.spare);
        close(queue.fd);
    }
}

std::string Tap::name() const {
    ifreq request{};
    if (ioctl(queues_.front().fd, TUNGETIFF, &request) != 0) return {};
    return std::string(request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name));
}

Tap::Place Tap::place() const {
    if (name().empty()) return Place::GONE;
    const int fd = ioctl(queues_.front().fd, TUNGETDEVNETNS);
    if (fd < 0) return Place::HERE; // an old kernel does not tell
    struct stat of_interface {
    }, ours{};
    const bool known =
        fstat(fd, &of_interface) == 0 && stat("/proc/thread-self/ns/net", &ours) == 0;
    close(fd);
    return known && of_interface.st_ino != ours.st_ino ? Place::ELSEWHERE : Place::HERE;
}

Result<void> Tap::set_carrier(bool up) const {
    const int carrier = up ? 1 : 0;
    if (ioctl(queues_.front().fd, TUNSETCARRIER, &carrier) == 0) return {};
    const int reason = errno;
    if (place() == Place::GONE) return {};
    return Error{fmt::format("the carrier of its kernel interface cannot be set {}: {}",
                             up ? "on" : "off", reason_of(reason))};
}

Endpoint Tap::endpoint(uint16_t id) {
    const auto receive = [](const Endpoint &from, uint16_t queue, rte_mbuf **frames,
                            uint16_t count) {
        return static_cast<Tap *>(from.side)->receive(queue, frames, count);
    };
    const auto send = [](const Endpoint &to, uint16_t queue, rte_mbuf **frames, uint16_t count) {
        return static_cast<Tap *>(to.side)->transmit(queue, frames, count);
    };
    return {.id = id, .receive_queues = queues(), .side = this, .receive = receive, .send = send};
}

uint16_t Tap::receive(uint16_t queue_index, rte_mbuf **frames, uint16_t count) {
    Queue &queue = queues_[queue_index];
    uint16_t received = 0;
    while (received < count) {
        if (queue.spare == nullptr) queue.spare = rte_pktmbuf_alloc(pool_);
        if (queue.spare == nullptr) break;
        const ssize_t length =
            read(queue.fd, rte_pktmbuf_mtod(queue.spare, void *), port::kBufferBytes);
        if (length <= 0) break;
        rte_mbuf *frame = std::exchange(queue.spare, nullptr);
        frame->data_len = static_cast<uint16_t>(length);
        frame->pkt_len = static_cast<uint32_t>(length);
        frames[received++] = frame;
    }
    return received;
}

uint16_t Tap::transmit(uint16_t queue_index, rte_mbuf **frames, uint16_t count) {
    const int fd = queues_[queue_index].fd;
    uint16_t sent = 0;
    while (sent < count && write_frame(fd, frames[sent]))
        ++sent;
    rte_pktmbuf_free_bulk(frames, sent);
    return sent;
}

Result<void> can_open_taps() {
    const int fd = ::open(kDevice, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return Error{fmt::format("{} cannot be opened ({}); load the tun module or run as root",
                                 kDevice, reason_of(errno))};
    // An impossible name is refused for its name only after the permission was looked at.
    ifreq request = request_for("lagg-probe/");
    const int code = ioctl(fd, TUNSETIFF, &request);
    const int reason = errno;
    close(fd);
    if (code < 0 && reason == EPERM)
        return Error{"making a kernel interface needs root or the capability CAP_NET_ADMIN"};
    return {};
}

} // namespace lagg::upper
