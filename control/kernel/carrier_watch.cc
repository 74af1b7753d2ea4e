// Carrier as rtnetlink tells it, without ever waiting for the kernel, and as the counters of
// carrier changes tell it, which are never late.
//
// A dump is out of the question in a thread that must not block: the kernel makes it piecemeal
// inside the reader's recv(), under the lock that a driver holds for seconds while it resets its
// NIC. So the watch only receives. What asks is a thread of its own: one plain request for each
// interface, over the same socket. There the answers stand in one queue with the notifications, in
// the order in which the kernel made them, and an old answer cannot overtake newer news.
//
// A second thread reads the counters of followed interfaces every few milliseconds. A carrier that
// went is reported at once; one that came is asked for, since only the answer knows whether the
// link is in operation. Where there is no counter to read, asking takes its place.
#include "control/kernel/carrier_watch.hh"

#include "control/kernel/carrier_counter.hh"
#include "control/kernel/netlink_socket.hh"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <chrono>
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
#include <pthread.h>
#include <sched.h>
#include <set>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace lagg::kernel {

namespace {

/// Room for the answers of about a thousand interfaces, so that asking for all of them does not
/// overrun the queue by itself.
constexpr int kReceiveBuffer = 4 << 20;

/// Requests sent before the reader must have come by. The answers to two such batches fit into a
/// buffer of the system's default size, so that after an overrun asking does not cause the next
/// one.
constexpr int kBatch = 16;

/// How often counters are read, and how often is asked where there are none.
constexpr std::chrono::milliseconds kSamplePeriod(2);
constexpr std::chrono::milliseconds kAskPeriod(5);

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
        return Carrier{static_cast<unsigned>(asked.ifi_index), false, false, CarrierSource::ANSWER};
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

bool has_carrier(const nlmsghdr &message) {
    const auto *link = static_cast<const ifinfomsg *>(nlmsg_data(&message));
    return (link->ifi_flags & kLowerUp) != 0;
}

/// A followed interface.
struct Followed {
    explicit Followed(unsigned of) : index(of), counter(of) {}
    unsigned index;
    CarrierCounter counter;
    std::optional<uint32_t> seen; ///< the count when it was read last; nothing without a counter
    std::optional<uint32_t> when_asked; ///< the count before the question under way
    /// A count, and whether there was a carrier then: an even number of changes later it is the
    /// same.
    struct Known {
        uint32_t count;
        bool carrier;
    };
    std::optional<Known> known{};

    std::optional<bool> carrier(uint32_t count) const {
        if (!known) return std::nullopt;
        return known->carrier != ((count - known->count) % 2 != 0);
    }
};

class Watch final : public CarrierWatch {
  public:
    explicit Watch(Socket socket)
        : socket_(std::move(socket)), event_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
        assert(event_fd_ >= 0);
        // Nobody reads yet; the answers wait in the queue for the first handle().
        for (const unsigned index : indexes())
            ask(index);
        asker_ = std::thread([this] { run(); });
        sampler_ = std::thread([this] { sample_for_ever(); });
    }
    Watch(const Watch &) = delete;
    Watch &operator=(const Watch &) = delete;
    ~Watch() override {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        sample_.notify_all();
        asker_.join();
        sampler_.join();
        close(event_fd_);
    }

    int fd() const override { return nl_socket_get_fd(socket_.get()); }
    int counter_fd() const override { return event_fd_; }
    void follow(const std::vector<unsigned> &indexes) override;
    void handle(const std::function<void(const Carrier &)> &report) override;
    void request_dump() override;

  private:
    bool remember(const Carrier &carrier);
    void drained();
    void run();
    std::set<unsigned> indexes();
    void ask_all();
    void ask(unsigned index);
    void sample_for_ever();
    void follow_as_wanted();
    void sample(Followed &followed);
    void take_samples(const std::function<void(const Carrier &)> &report);
    Carrier corrected(Carrier carrier, const nlmsghdr &message);
    Followed *find(unsigned index);

    Socket socket_;
    int event_fd_; ///< readable while samples_ has something
    std::thread asker_;
    std::thread sampler_;
    std::mutex mutex_; ///< held for a few instructions only
    std::condition_variable wake_;
    bool asked_ = false;
    bool drained_ = false; ///< the reader emptied the queue since the last batch began
    bool stop_ = false;
    std::set<unsigned> known_;     ///< reported as present
    std::set<unsigned> questions_; ///< single interfaces to be asked for
    std::condition_variable sample_;
    std::vector<unsigned> wanted_; ///< to be followed
    bool wants_other_ = false;     ///< `wanted_` is not what is followed
    std::vector<Followed> followed_;
    std::vector<Carrier> samples_; ///< to be reported
};

/// False when there is nothing to report: an index gone that was never reported.
bool Watch::remember(const Carrier &carrier) {
    const std::lock_guard lock(mutex_);
    if (!carrier.present) return known_.erase(carrier.index) != 0;
    known_.insert(carrier.index);
    return true;
}

void Watch::handle(const std::function<void(const Carrier &)> &report) {
    take_samples(report);
    bool overrun = false;
    int code = 0;
    do {
        code = receive(socket_.get(), [&](nlmsghdr &message) {
            const std::optional<Carrier> carrier = decode(message);
            if (carrier && remember(*carrier)) report(corrected(*carrier, message));
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
            wake_.wait(lock, [this] { return asked_ || !questions_.empty() || stop_; });
            if (stop_) return;
            if (const auto first = questions_.begin(); first != questions_.end()) {
                const unsigned index = *first;
                questions_.erase(first);
                lock.unlock();
                ask(index);
                continue;
            }
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
    {
        const std::lock_guard lock(mutex_);
        if (Followed *followed = find(index)) followed->when_asked = followed->counter.read();
    }
    // Written past libnl, whose socket object belongs to the thread that receives. The kernel
    // answers into the queue before this returns; an answer without room there shows as an overrun.
    const nlmsghdr *bytes = nlmsg_hdr(message.get());
    static_cast<void>(::send(fd(), bytes, bytes->nlmsg_len, MSG_NOSIGNAL));
}

// ---- followed interfaces

Followed *Watch::find(unsigned index) {
    const auto found = std::ranges::find(followed_, index, &Followed::index);
    return found == followed_.end() ? nullptr : &*found;
}

void Watch::follow(const std::vector<unsigned> &indexes) {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = indexes;
        wants_other_ = true;
    }
    sample_.notify_one();
}

void Watch::sample_for_ever() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    // The reader has a real-time priority where that is permitted, and must not wait for the lock
    // because this thread was sent to sleep while it held it.
    sched_param parameters{};
    parameters.sched_priority = 1;
    pthread_setschedparam(pthread_self(), SCHED_RR, &parameters);
    pthread_setname_np(pthread_self(), "lagg-carrier");
    auto next_question = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (;;) {
        if (followed_.empty())
            sample_.wait(lock, [this] { return wants_other_ || stop_; });
        else
            sample_.wait_for(lock, kSamplePeriod, [this] { return wants_other_ || stop_; });
        if (stop_) return;
        if (std::exchange(wants_other_, false)) {
            lock.unlock();
            follow_as_wanted();
            lock.lock();
        }
        const auto now = std::chrono::steady_clock::now();
        const bool may_ask = now >= next_question;
        if (may_ask) next_question = now + kAskPeriod;
        for (Followed &followed : followed_) {
            sample(followed);
            // Without a counter, or not knowing yet what it means, only the answer tells.
            if (may_ask && !followed.known) questions_.insert(followed.index);
        }
        if (!questions_.empty()) wake_.notify_one();
    }
}

/// Opens files, and so not under the lock.
void Watch::follow_as_wanted() {
    std::vector<unsigned> wanted;
    std::set<unsigned> have;
    {
        const std::lock_guard lock(mutex_);
        wanted = wanted_;
        for (const Followed &followed : followed_)
            have.insert(followed.index);
    }
    std::vector<Followed> fresh;
    for (const unsigned index : wanted)
        if (!have.contains(index)) fresh.emplace_back(index);
    const std::lock_guard lock(mutex_);
    std::erase_if(followed_, [&](const Followed &followed) {
        return std::ranges::find(wanted, followed.index) == wanted.end();
    });
    for (Followed &followed : fresh)
        followed_.push_back(std::move(followed));
}

/// Under the lock.
void Watch::sample(Followed &followed) {
    const std::optional<uint32_t> count = followed.counter.read();
    const std::optional<uint32_t> before = std::exchange(followed.seen, count);
    if (!count) {
        followed.known.reset();
        return;
    }
    if (!before || *before == *count) return;
    const std::optional<bool> had = followed.carrier(*before);
    // Gone now, or gone and back since the last look.
    if (had && (*had || followed.carrier(*count) == false)) {
        samples_.push_back({followed.index, true, false, CarrierSource::COUNTER});
        const uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = write(event_fd_, &one, sizeof one);
    }
    if (followed.carrier(*count) != false) questions_.insert(followed.index);
}

void Watch::take_samples(const std::function<void(const Carrier &)> &report) {
    uint64_t times = 0;
    [[maybe_unused]] const ssize_t got = read(event_fd_, &times, sizeof times);
    std::vector<Carrier> samples;
    {
        const std::lock_guard lock(mutex_);
        samples.swap(samples_);
    }
    for (const Carrier &carrier : samples)
        report(carrier);
}

/// A message may have waited since before the carrier went, which the counter knows.
Carrier Watch::corrected(Carrier carrier, const nlmsghdr &message) {
    const bool is_answer = message.nlmsg_pid == nl_socket_get_local_port(socket_.get());
    if (is_answer) carrier.source = CarrierSource::ANSWER;
    if (!carrier.present) return carrier;
    const std::lock_guard lock(mutex_);
    Followed *followed = find(carrier.index);
    if (followed == nullptr) return carrier;
    const std::optional<uint32_t> count = followed->counter.read();
    if (!count) return carrier;
    // Nothing changed between question and answer, so both belong together.
    if (is_answer && followed->when_asked == count)
        followed->known = Followed::Known{*count, has_carrier(message)};
    if (carrier.up && followed->carrier(*count) == false) {
        carrier.up = false;
        carrier.source = CarrierSource::COUNTER;
    }
    return carrier;
}

} // namespace

const char *to_text(CarrierSource source) {
    switch (source) {
    case CarrierSource::NOTIFICATION: return "rtnetlink told";
    case CarrierSource::ANSWER: return "rtnetlink was asked";
    case CarrierSource::COUNTER: return "the carrier counter";
    }
    return "?";
}

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
