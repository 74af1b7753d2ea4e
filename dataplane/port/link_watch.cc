#include "dataplane/port/link_watch.hh"

#include "dataplane/port/link_events.hh"

#include <rte_dev.h>
#include <rte_ethdev.h>

#include <pthread.h>

#include <cerrno>

#include <csignal>
#include <thread>

namespace lagg::port {

namespace {

constexpr std::chrono::milliseconds kFirstAnswer{500};
constexpr std::chrono::milliseconds kCountersPeriod{500};

int64_t to_ns(LinkWatch::Clock::time_point time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

LinkWatch::Clock::time_point from_ns(int64_t ns) {
    return LinkWatch::Clock::time_point(
        std::chrono::duration_cast<LinkWatch::Clock::duration>(std::chrono::nanoseconds(ns)));
}

} // namespace

const char *to_text(LinkWatch::Teller teller) {
    switch (teller) {
    case LinkWatch::Teller::NOBODY: return "nobody told";
    case LinkWatch::Teller::START: return "the driver was asked at the start";
    case LinkWatch::Teller::POLL: return "the driver was asked";
    case LinkWatch::Teller::DEVICE: return "the device told";
    }
    return "?";
}

/// One writer for everything but `wishes`: the watch's thread.
struct LinkWatch::Body {
    DeviceId device;
    std::string address; ///< of a PCI device, else empty
    std::shared_ptr<LinkEvents> events;
    std::unique_ptr<Presence> presence; ///< of a PCI device

    std::mutex mutex; ///< held for a few instructions only
    std::condition_variable wake;
    bool stop = false;
    bool told = false; ///< by the device, and not looked at yet
    bool wants_extended = false;
    std::optional<ExtendedCounters> extended;
    bool answered = false; ///< once at least
    bool ended = false;
    bool lost = false; ///< of the thread alone: that the device is lost was told

    // Link and its losses in one word, so that a reader never sees half of a change.
    std::atomic<uint64_t> word{0};
    std::atomic<Loss> loss{Loss::NONE};
    std::atomic<Teller> teller{Teller::NOBODY};
    std::atomic<int64_t> changed_ns{0};
    std::atomic<int64_t> asked_ns{0};
    std::atomic<uint32_t> changes_told{0};
    std::atomic<uint32_t> changes_polled{0};
    std::atomic<uint64_t> rx_missed{0};
    std::atomic<uint64_t> rx_errors{0};
    std::atomic<uint64_t> rx_no_buffer{0};
    std::atomic<uint64_t> tx_errors{0};

    void run();
    bool wait(bool &was_told);
    void ask(bool was_told);
    void lose();
    void count();
    void read_extended();
    bool stopping();
    void be_told(Loss why);
    static int on_event(uint16_t, rte_eth_event_type, void *, void *);
    static void on_bus_event(const char *, rte_dev_event_type, void *);
};

namespace {

constexpr uint64_t kUp = 1;
constexpr uint64_t kHalf = 2;

/// Bit 0: up; bit 1: half duplex; from bit 2 the losses (30 bits); from bit 32 the speed.
uint64_t pack(const Link &link, uint32_t losses) {
    return (link.up ? kUp : 0) | (link.full_duplex ? 0 : kHalf) |
           (uint64_t{losses} & 0x3fffffff) << 2 | uint64_t{link.speed_mbps} << 32;
}

Link link_in(uint64_t word) {
    return {.up = (word & kUp) != 0,
            .full_duplex = (word & kHalf) == 0,
            .speed_mbps = static_cast<uint32_t>(word >> 32)};
}

uint32_t losses_in(uint64_t word) {
    return static_cast<uint32_t>(word >> 2) & 0x3fffffff;
}

constexpr rte_eth_event_type kEvents[] = {RTE_ETH_EVENT_INTR_LSC, RTE_ETH_EVENT_INTR_RMV,
                                          RTE_ETH_EVENT_INTR_RESET};

} // namespace

// Runs on EAL's interrupt thread, so it only leaves a mark.
void LinkWatch::Body::be_told(Loss why) {
    {
        const std::lock_guard lock(mutex);
        if (why != Loss::NONE) loss = why;
        told = true;
    }
    wake.notify_all();
}

int LinkWatch::Body::on_event(uint16_t, rte_eth_event_type event, void *argument, void *) {
    static_cast<Body *>(argument)->be_told(event == RTE_ETH_EVENT_INTR_RMV     ? Loss::UNPLUGGED
                                           : event == RTE_ETH_EVENT_INTR_RESET ? Loss::RESET
                                                                               : Loss::NONE);
    return 0;
}

// The kernel asks for a device of VFIO back before it takes it away.
void LinkWatch::Body::on_bus_event(const char *, rte_dev_event_type event, void *argument) {
    if (event == RTE_DEV_EVENT_REMOVE) static_cast<Body *>(argument)->be_told(Loss::UNPLUGGED);
}

bool LinkWatch::Body::stopping() {
    const std::lock_guard lock(mutex);
    return stop;
}

/// False when the watch ends.
bool LinkWatch::Body::wait(bool &was_told) {
    std::unique_lock lock(mutex);
    wake.wait_for(lock, kPeriod, [this] { return stop || told || wants_extended; });
    was_told = std::exchange(told, false);
    return !stop;
}

void LinkWatch::Body::run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // signals are for the daemon's own threads
    pthread_setname_np(pthread_self(), "lagg-link");
    Clock::time_point next_count = Clock::now();
    bool was_told = false;
    do {
        const Loss seen = presence != nullptr ? presence->look() : Loss::NONE;
        if (seen != Loss::NONE) loss = seen;
        // A device that is gone is not asked: its driver would believe what it reads, or wait.
        if (loss != Loss::NONE) {
            lose();
        } else {
            ask(was_told);
            if (stopping()) break; // the device may be another one by the time it answered
            if (Clock::now() >= next_count) {
                count();
                next_count = Clock::now() + kCountersPeriod;
            }
            read_extended();
        }
        const std::lock_guard lock(mutex);
        answered = true;
        wake.notify_all();
    } while (wait(was_told));
    const std::lock_guard lock(mutex);
    ended = true;
    wake.notify_all();
}

void LinkWatch::Body::ask(bool was_told) {
    const Link link = read_link(device);
    const Clock::time_point now = Clock::now();
    asked_ns = to_ns(now);
    const uint64_t before = word;
    const bool is_first = teller == Teller::NOBODY;
    if (is_first) teller = Teller::START;
    if (link == link_in(before)) return;
    const bool went_down = link_in(before).up && !link.up;
    // The device may have died since it was looked at. Whoever hears of a link that is down may
    // restart its device, and would wait for one that is dead.
    if (went_down && presence != nullptr) {
        if (const Loss seen = presence->look(); seen != Loss::NONE) {
            loss = seen;
            return lose();
        }
    }
    changed_ns = to_ns(now);
    if (link.up != link_in(before).up && !is_first) {
        (was_told ? changes_told : changes_polled).fetch_add(1);
        teller = was_told ? Teller::DEVICE : Teller::POLL;
    }
    word = pack(link, losses_in(before) + (went_down ? 1 : 0));
    events->notify();
}

void LinkWatch::Body::lose() {
    if (std::exchange(lost, true)) return;
    const uint64_t before = word;
    changed_ns = to_ns(Clock::now());
    word = pack({}, losses_in(before) + (link_in(before).up ? 1 : 0));
    events->notify();
}

void LinkWatch::Body::count() {
    rte_eth_stats stats{};
    if (rte_eth_stats_get(device, &stats) != 0) return;
    rx_missed = stats.imissed;
    rx_errors = stats.ierrors;
    rx_no_buffer = stats.rx_nombuf;
    tx_errors = stats.oerrors;
}

void LinkWatch::Body::read_extended() {
    {
        const std::lock_guard lock(mutex);
        if (!wants_extended) return;
    }
    ExtendedCounters all;
    const int count = rte_eth_xstats_get_names(device, nullptr, 0);
    std::vector<rte_eth_xstat_name> names(static_cast<size_t>(std::max(0, count)));
    std::vector<rte_eth_xstat> values(names.size());
    const auto size = static_cast<unsigned>(names.size());
    if (size > 0 && rte_eth_xstats_get_names(device, names.data(), size) == count &&
        rte_eth_xstats_get(device, values.data(), size) == count)
        for (const rte_eth_xstat &value : values)
            all.emplace_back(names[value.id].name, value.value);
    const std::lock_guard lock(mutex);
    wants_extended = false;
    extended = std::move(all);
    wake.notify_all();
}

LinkWatch::LinkWatch(DeviceId device, const std::string &address,
                     std::shared_ptr<LinkEvents> events)
    : body_(std::make_shared<Body>()) {
    body_->device = device;
    body_->events = std::move(events);
    if (!address.empty()) body_->presence = std::make_unique<Presence>(address);
    body_->address = address;
    for (const rte_eth_event_type event : kEvents)
        rte_eth_dev_callback_register(device, event, Body::on_event, body_.get());
    if (!address.empty())
        rte_dev_event_callback_register(address.c_str(), Body::on_bus_event, body_.get());
    std::thread([body = body_] { body->run(); }).detach();
    std::unique_lock lock(body_->mutex);
    body_->wake.wait_for(lock, kFirstAnswer, [this] { return body_->answered; });
}

LinkWatch::~LinkWatch() {
    for (const rte_eth_event_type event : kEvents)
        while (rte_eth_dev_callback_unregister(body_->device, event, Body::on_event, body_.get()) ==
               -EAGAIN)
            std::this_thread::yield(); // it runs just now, and for a moment only
    if (!body_->address.empty())
        while (rte_dev_event_callback_unregister(body_->address.c_str(), Body::on_bus_event,
                                                 body_.get()) == -EAGAIN)
            std::this_thread::yield();
    std::unique_lock lock(body_->mutex);
    body_->stop = true;
    body_->wake.notify_all();
    body_->wake.wait_for(lock, kFirstAnswer, [this] { return body_->ended; });
}

LinkWatch::Known LinkWatch::known() const {
    const uint64_t word = body_->word;
    return {.link = link_in(word),
            .losses = losses_in(word),
            .loss = body_->loss,
            .teller = body_->teller,
            .changed = from_ns(body_->changed_ns),
            .asked = from_ns(body_->asked_ns),
            .told = body_->changes_told,
            .polled = body_->changes_polled};
}

NicCounters LinkWatch::counters() const {
    return {.rx_missed = body_->rx_missed,
            .rx_errors = body_->rx_errors,
            .rx_no_buffer = body_->rx_no_buffer,
            .tx_errors = body_->tx_errors};
}

std::optional<ExtendedCounters>
LinkWatch::extended_counters(std::chrono::milliseconds limit) const {
    std::unique_lock lock(body_->mutex);
    body_->extended.reset();
    body_->wants_extended = true;
    body_->wake.notify_all();
    body_->wake.wait_for(lock, limit, [this] { return body_->extended.has_value(); });
    return std::exchange(body_->extended, std::nullopt);
}

} // namespace lagg::port
