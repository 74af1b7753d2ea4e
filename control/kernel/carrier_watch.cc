// Carrier as rtnetlink tells it, without ever waiting for the kernel.
//
// A dump is out of the question in a thread that must not block: the kernel makes it piecemeal
// inside the reader's recv(), under the lock that a driver holds for seconds while it resets its
// NIC. So the watch only receives. What asks is a thread of its own: one plain request for each
// interface, over the same socket. There the answers stand in one queue with the notifications, in
// the order in which the kernel made them, and an old answer cannot overtake newer news.
#include "control/kernel/carrier_watch.hh"

#include "control/kernel/netlink_socket.hh"

#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <linux/rtnetlink.h>
#include <mutex>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <optional>
#include <set>
#include <sys/socket.h>
#include <thread>

namespace lagg::kernel {

namespace {

/// Room for the answers of about a thousand interfaces, so that asking for all of them does not
/// overrun the queue by itself.
constexpr int kReceiveBuffer = 4 << 20;

/// Requests sent before the reader must have come by. The answers to two such batches fit into a
/// buffer of the system's default size, so that after an overrun asking does not cause the next
/// one.
constexpr int kBatch = 16;

// linux/if.h has it, and cannot be included beside net/if.h.
constexpr unsigned kLowerUp = 1U << 16;

/// RUNNING is an operational state of "up" or "unknown" (drivers that do not say): neither dormant,
/// nor testing, nor down. LOWER_UP is the carrier itself, which the operational state follows
/// later.
bool is_up(const ifinfomsg &link) {
    constexpr unsigned all = IFF_UP | IFF_RUNNING | kLowerUp;
    return (link.ifi_flags & all) == all;
}

template <typename T> const T *payload(nlmsghdr &message) {
    if (nlmsg_datalen(&message) < static_cast<int>(sizeof(T))) return nullptr;
    return static_cast<const T *>(nlmsg_data(&message));
}

/// What a notification or an answer says about a link.
std::optional<Carrier> decode(nlmsghdr &message) {
    if (message.nlmsg_type == NLMSG_ERROR) {
        // The answer for an index that is gone; it repeats our request.
        const auto *error = payload<nlmsgerr>(message);
        if (error == nullptr || error->error != -ENODEV) return std::nullopt;
        if (nlmsg_datalen(&message) < static_cast<int>(sizeof(nlmsgerr) + sizeof(ifinfomsg)))
            return std::nullopt;
        ifinfomsg asked{};
        std::memcpy(&asked, error + 1, sizeof asked);
        return Carrier{static_cast<unsigned>(asked.ifi_index), false, false};
    }
    if (message.nlmsg_type != RTM_NEWLINK && message.nlmsg_type != RTM_DELLINK) return std::nullopt;
    const auto *link = payload<ifinfomsg>(message);
    // A bridge tells about its ports with the same types: its DELLINK only means that the interface
    // left the bridge.
    if (link == nullptr || link->ifi_family != AF_UNSPEC) return std::nullopt;
    const auto index = static_cast<unsigned>(link->ifi_index);
    if (message.nlmsg_type == RTM_DELLINK) return Carrier{index, false, false};
    return Carrier{index, true, is_up(*link)};
}

class Watch final : public CarrierWatch {
  public:
    explicit Watch(Socket socket) : socket_(std::move(socket)) {
        // Nobody reads yet; the answers wait in the queue for the first handle().
        for (const unsigned index : indexes())
            ask(index);
        asker_ = std::thread([this] { run(); });
    }
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;
    ~Watch() override {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_one();
        asker_.join();
    }

    int fd() const override { return nl_socket_get_fd(socket_.get()); }
    void handle(const std::function<void(const Carrier &)> &report) override;
    void request_dump() override;

  private:
    bool remember(const Carrier &carrier);
    void drained();
    void run();
    std::set<unsigned> indexes();
    void ask_all();
    void ask(unsigned index);

    Socket socket_;
    std::thread asker_;
    std::mutex mutex_; ///< held for a few instructions only
    std::condition_variable wake_;
    bool asked_ = false;
    bool drained_ = false; ///< the reader emptied the queue since the last batch began
    bool stop_ = false;
    std::set<unsigned> known_; ///< reported as present
};

/// False when there is nothing to report: an index gone that was never reported.
bool Watch::remember(const Carrier &carrier) {
    const std::lock_guard lock(mutex_);
    if (!carrier.present) return known_.erase(carrier.index) != 0;
    known_.insert(carrier.index);
    return true;
}

void Watch::handle(const std::function<void(const Carrier &)> &report) {
    bool overrun = false;
    int code = 0;
    do {
        code = receive(socket_.get(), [&](nlmsghdr &message) {
            const std::optional<Carrier> carrier = decode(message);
            if (carrier && remember(*carrier)) report(*carrier);
        });
        if (code == -NLE_NOMEM) overrun = true;
    } while (code > 0 || code == -NLE_NOMEM);
    drained();
    // Only now that the queue is empty: until then the kernel throws away whatever it should add,
    // an answer to us as well, and says so only once.
    if (overrun) request_dump();
}

void Watch::drained() {
    {
        const std::lock_guard lock(mutex_);
        drained_ = true;
    }
    wake_.notify_one();
}

void Watch::request_dump() {
    {
        const std::lock_guard lock(mutex_);
        asked_ = true;
    }
    wake_.notify_one();
}

void Watch::run() {
    // Signals are for the daemon's own threads.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    for (;;) {
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return asked_ || stop_; });
            if (stop_) return;
            asked_ = false;
        }
        ask_all();
    }
}

/// The links there are, and those reported before: one that vanished unnoticed is answered with an
/// error, which becomes the report that it is gone.
std::set<unsigned> Watch::indexes() {
    std::set<unsigned> result;
    {
        const std::lock_guard lock(mutex_);
        result = known_;
    }
    if (struct if_nameindex *list = if_nameindex(); list != nullptr) {
        for (const struct if_nameindex *entry = list; entry->if_index != 0; ++entry)
            result.insert(entry->if_index);
        if_freenameindex(list);
    }
    return result;
}

/// In batches: an answer to each of thousands of links at once would overrun the queue again.
void Watch::ask_all() {
    int count = 0;
    for (const unsigned index : indexes()) {
        if (count++ % kBatch == 0) {
            std::unique_lock lock(mutex_);
            if (count > 1) wake_.wait(lock, [this] { return drained_ || stop_; });
            if (stop_) return;
            drained_ = false;
        }
        ask(index);
    }
}

void Watch::ask(unsigned index) {
    ifinfomsg header{};
    header.ifi_index = static_cast<int>(index);
    const Message message = make_message(RTM_GETLINK, NLM_F_REQUEST, &header, sizeof header);
    const uint32_t filter = RTEXT_FILTER_SKIP_STATS;
    put(message, IFLA_EXT_MASK, &filter, sizeof filter);
    // Written past libnl, whose socket object belongs to the thread that receives. The kernel
    // answers into the queue before this returns; an answer without room there shows as an overrun.
    const nlmsghdr *bytes = nlmsg_hdr(message.get());
    static_cast<void>(::send(fd(), bytes, bytes->nlmsg_len, MSG_NOSIGNAL));
}

} // namespace

Result<std::unique_ptr<CarrierWatch>> CarrierWatch::open() {
    Result<Socket> opened = connect_route();
    if (!opened) return opened.error();
    Socket socket = *std::move(opened);
    int code = nl_socket_add_membership(socket.get(), RTNLGRP_LINK);
    if (code == 0) code = nl_socket_set_nonblocking(socket.get());
    if (code < 0)
        return Error{std::string("the kernel does not tell about link changes: ") +
                     nl_geterror(code)};
    // Beyond the system's limit with CAP_NET_ADMIN, up to it without.
    const int fd = nl_socket_get_fd(socket.get());
    const int size = kReceiveBuffer;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    return std::unique_ptr<CarrierWatch>(std::make_unique<Watch>(std::move(socket)));
}

} // namespace lagg::kernel
